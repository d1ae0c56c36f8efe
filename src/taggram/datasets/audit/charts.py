"""Pictures of an audit, as SVG that takes its colours from the page around it."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from html import escape

import numpy as np
import numpy.typing as npt

from taggram.datasets.audit.balance import Balance
from taggram.datasets.audit.duplicates import THRESHOLD
from taggram.vocabularies import label

__all__ = ["SHOWN", "counts", "heat_map", "nearest", "ratios", "uneven"]

SHOWN = 40  # tags in the heat map and in the balance of splits
LABEL, ROW = 132, 19  # pixels: width of what stands before a row, and its height
LETTERS = 20  # of a tag, at most
LEVELS = 9  # colours of the heat map
NUMBERED = 22  # tags up to which the heat map has numbers in it
WIDEST = 3.0  # of the balance of splits, in powers of two


def counts(balance: Balance, tags: Sequence[int], top: int) -> str:
    """Draw how many clips have some tags, a bar each, by split.

    Parameters
    ----------
    balance
        What is drawn.
    tags
        Which of the vocabulary.
    top
        The count of a full bar.
    """
    width, body = 150, []
    for row, tag in enumerate(tags):
        y, x = ROW * row, float(LABEL)
        body.append(_label(balance.vocabulary.names[tag], y))
        for split, n in enumerate(balance.counts[:, tag].tolist()):
            wide = width * n / max(top, 1)
            if n:
                body.append(f'<rect class="s{_colour(split)}" x="{x:.1f}" y="{y + 3}" width="{wide:.1f}" height="13"/>')
            x += wide
        body.append(f'<text class="n" x="{x + 4:.1f}" y="{y + 14}">{balance.total[tag]:,}</text>')
    return _svg(LABEL + width + 48, ROW * len(tags), "Clips of each tag", body)


def heat_map(balance: Balance) -> tuple[str, int]:
    """Draw which tags come together: of the clips with the tag of a row, the share that has that of a column.

    Returns
    -------
    (str, int)
        The picture, and how many tags it has: the most frequent ones, those beside each other that come together.
    """
    tags = _neighbours(balance, np.argsort(-balance.total, kind="stable")[:SHOWN])
    together = balance.together[np.ix_(tags, tags)]
    shares = together / np.maximum(np.diag(together), 1)[:, None]
    cell = 27 if len(tags) <= NUMBERED else 15
    left, head, side = LABEL, 118, cell * len(tags)
    body = [f'<rect class="l0" x="{left}" y="{head}" width="{side}" height="{side}"/>']
    paths: dict[int, list[str]] = {}
    for i, j in zip(*np.nonzero(together), strict=True):
        level = LEVELS if i == j else math.ceil(LEVELS * math.sqrt(shares[i, j]) - 1e-9)
        where = paths.setdefault(0 if i == j else level, [])
        where.append(f"M{left + cell * j} {head + cell * i}h{cell - 1}v{cell - 1}h-{cell - 1}z")
    body += [
        f'<path class="{f"l{level}" if level else "self"}" d="{"".join(where)}"/>' for level, where in paths.items()
    ]
    if len(tags) <= NUMBERED:
        for i, j in zip(*np.nonzero(together), strict=True):
            if i != j and (percent := round(100 * shares[i, j])):
                dark = " dark" if math.sqrt(shares[i, j]) > 0.6 else ""
                x, y = left + cell * (j + 0.5), head + cell * (i + 0.5) + 3.5
                body.append(f'<text class="cell{dark}" x="{x:.0f}" y="{y:.0f}">{percent}</text>')
    for i, tag in enumerate(tags):
        name = balance.vocabulary.names[tag]
        body.append(_label(name, head + cell * i + (cell - ROW) / 2))
        x, y = left + cell * (i + 0.5) + 4, head - 7
        body.append(f'<text transform="translate({x:.0f} {y}) rotate(-60)">{_short(name)}</text>')
    body += _scale(left, head + side + 14)
    return _svg(left + side + 60, head + side + 52, "Tags that come together", body), len(tags)


def uneven(balance: Balance) -> list[int]:
    """Return the tags that are split most unevenly (by chi-squared), those first."""
    found, expected = _split(balance)
    distance = ((found - expected) ** 2 / np.maximum(expected, 1e-9)).sum(axis=0)
    order: list[int] = np.argsort(-distance, kind="stable").tolist()
    return [tag for tag in order if balance.total[tag]][:SHOWN]


def ratios(balance: Balance, tags: Sequence[int]) -> str:
    """Draw how many times as frequent some tags are in each split as in the whole set."""
    found, expected = _split(balance)
    splits = [row for row, split in enumerate(balance.splits) if split in balance.labelled]
    left, width, head = LABEL + 10, 250, 24
    bottom = head + ROW * len(tags)

    def place(ratio: float) -> float:
        power = -WIDEST if ratio == 0 else max(-WIDEST + 0.5, min(WIDEST, math.log2(ratio)))
        return left + width * (power + WIDEST) / (2 * WIDEST)

    quarter, half, times = "\N{VULGAR FRACTION ONE QUARTER}", "\N{VULGAR FRACTION ONE HALF}", "\N{MULTIPLICATION SIGN}"
    ticks = {0: "none", 0.25: quarter, 0.5: half, 1: f"1 {times}", 2: f"2 {times}", 4: f"4 {times}", 8: f"8 {times}"}
    body = [_line(place(ratio), head, bottom, name, ratio == 1) for ratio, name in ticks.items()]
    for row, tag in enumerate(tags):
        y = head + ROW * row
        body.append(_label(balance.vocabulary.names[tag], y))
        places = [place(n / e) for n, e in zip(found[:, tag], expected[:, tag], strict=True)]
        body.append(f'<path class="axis" d="M{min(places):.1f} {y + 9.5}H{max(places):.1f}"/>')
        for split, x in zip(splits, places, strict=True):
            body.append(f'<circle class="s{_colour(split)}" cx="{x:.1f}" cy="{y + 9.5}" r="4.5"/>')
    return _svg(left + width + 20, bottom + 6, "Tags by split, over what they are in the whole set", body)


def _split(balance: Balance) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Counts of the splits that have labels, and what they would be in a perfect split; both (splits, tags)."""
    rows = [row for row, split in enumerate(balance.splits) if split in balance.labelled]
    sizes = np.array([balance.splits[split] for split in balance.labelled], np.float64)
    return balance.counts[rows].astype(np.float64), balance.total * (sizes / sizes.sum())[:, None]


def nearest(cosines: Sequence[float]) -> str:
    """Draw how close the nearest other clip of each clip is, with the threshold of near duplicates."""
    low = min(0.5, math.floor(10 * np.quantile(cosines, 0.01)) / 10)
    bins, edges = np.histogram(np.clip(cosines, low, 1), np.linspace(low, 1, round(100 * (1 - low)) + 1))
    left, width, height = 46, 520, 150
    top = max(int(bins.max()), 1)

    def across(value: float) -> float:
        return left + width * (value - low) / (1 - low)

    body = []
    for tick in (0, top // 2, top):
        y = 20 + height * (1 - tick / top)
        body.append(f'<path class="axis" d="M{left} {y:.1f}h{width}"/>')
        body.append(f'<text class="end" x="{left - 6}" y="{y + 4:.1f}">{tick:,}</text>')
    for n, begin in zip(bins.tolist(), edges, strict=False):
        tall = height * n / top
        body.append(
            f'<rect class="{"hit" if begin >= THRESHOLD - 1e-9 else "s0"}" x="{across(begin) + 0.5:.1f}" '
            f'y="{20 + height - tall:.1f}" width="{width / len(bins) - 1:.1f}" height="{tall:.1f}"/>'
        )
    body += [
        f'<text class="mid" x="{across(value):.1f}" y="{height + 36}">{value:.1f}</text>'
        for value in np.arange(low, 1.01, 0.1).tolist()
    ]
    x = across(THRESHOLD)
    body.append(f'<path class="limit" d="M{x:.1f} 8V{20 + height}"/>')
    body.append(f'<text class="end" x="{x - 5:.1f}" y="15">threshold {THRESHOLD}</text>')
    body.append(f'<text class="mid" x="{left + width / 2}" y="{height + 54}">cosine with the nearest other clip</text>')
    return _svg(left + width + 20, height + 62, "Cosine of each clip with its nearest", body)


def _neighbours(balance: Balance, tags: Iterable[int]) -> list[int]:
    """Order tags such that those beside each other come together, from the most frequent one on."""
    left = [int(tag) for tag in tags]
    ordered = [left.pop(0)]
    while left:
        last = ordered[-1]
        either = balance.total[left] + balance.total[last] - balance.together[last, left]
        ordered.append(left.pop(int(np.argmax(balance.together[last, left] / np.maximum(either, 1)))))
    return ordered


def _scale(x: int, y: int) -> list[str]:
    boxes = (
        f'<rect class="l{level}" x="{x + 24 * level}" y="{y}" width="23" height="14"/>' for level in range(LEVELS + 1)
    )
    shares = (
        f'<text class="mid" x="{x + 24 * (1 + LEVELS * math.sqrt(share)):.0f}" y="{y + 30}">{100 * share:.0f} %</text>'
        for share in (0.25, 0.5)
    )
    ends = (
        f'<text x="{x}" y="{y + 30}">0 %</text><text class="end" x="{x + 24 * (LEVELS + 1)}" y="{y + 30}">100 %</text>'
    )
    return [*boxes, *shares, ends]


def _line(x: float, top: float, bottom: float, name: str, strong: bool) -> str:
    kind = "one" if strong else "axis"
    return (
        f'<path class="{kind}" d="M{x:.1f} {top}V{bottom}"/><text class="mid" x="{x:.1f}" y="{top - 8}">{name}</text>'
    )


def _label(tag: str, y: float) -> str:
    return f'<text class="end" x="{LABEL - 6}" y="{y + 14:g}">{_short(tag)}</text>'


def _short(tag: str) -> str:
    text = label(tag)
    if len(text) <= LETTERS:
        return escape(text)
    return f"{escape(text[: LETTERS - 1].rstrip())}\N{HORIZONTAL ELLIPSIS}<title>{escape(text)}</title>"


def _colour(split: int) -> int:
    return min(split, 4)


def _svg(width: float, height: float, title: str, body: Iterable[str]) -> str:
    return (
        f'<svg viewBox="0 0 {width:g} {height:g}" width="{width:g}" role="img" aria-label="{escape(title)}">'
        f"{''.join(body)}</svg>"
    )
