"""An audit as one self-contained HTML file."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from taggram.auditing.audit import Audit
from taggram.auditing.balance import Balance
from taggram.auditing.overlap import ALL, KINDS, Overlap, split_clips
from taggram.auditing.run import Source
from taggram.auditing.text_report import share
from taggram.datasets.split_hash import split_hash
from taggram.errors import DatasetError
from taggram.reporting import Chart, charts, render
from taggram.vocabularies import label

__all__ = ["html_report"]

COLUMN, VISIBLE = 20, 60  # bars per column, and tags before the rest is folded away
SHOWN = 40  # tags of the heat map and of the balance of splits
ROWS, NAMES, PAIRS = 60, 200, 12  # maximum near duplicates, shared names, and pairs of tags


def html_report(audit: Audit, source: Source) -> str:
    """Render the report of an audit.

    Parameters
    ----------
    audit
        The audit.
    source
        The audited copy; the report describes its data set and lists all protocols.

    Raises
    ------
    MissingExtraError
        If Jinja2 is not installed.
    """
    balance = audit.balance
    return render(
        "audit.html",
        audit=audit,
        data=source.dataset,
        protocol=source.dataset.protocol(source.protocol).name,
        protocols=_protocols(source),
        colours={split: min(i, charts.SERIES - 1) for i, split in enumerate(balance.splits)},
        label=label,
        share=share,
        tiles=_tiles(audit),
        bars=_bars(balance) if balance.labelled else None,
        heat_map=_heat_map(balance) if balance.pairs(1) else None,
        ratios=_ratios(balance) if len(balance.labelled) > 1 else None,
        histogram=_histogram(audit),
        overlaps=_between_splits(audit),
        unnamed=[f"{kind} {share(n, balance.clips)}" for kind, n in audit.unnamed.items() if n],
        others=_other_sets(audit),
        kinds=list(KINDS),
        shown=SHOWN,
        row_limit=ROWS,
        name_limit=NAMES,
        pair_limit=PAIRS,
        all_clips=ALL,
    )


def _tiles(audit: Audit) -> list[tuple[str, str]]:
    """Return the headline numbers with their captions."""
    balance = audit.balance
    tiles = [(f"{balance.clips:,}", "clips"), (f"{len(balance.vocabulary):,}", "tags"), (audit.hash, "split hash")]
    artists = [overlap for overlap in audit.within if overlap.kind == "artists" and overlap.comparable]
    if artists:
        clips = max(overlap.shared_clips for overlap in artists)
        tiles.append((f"{clips:,}", "clips by an artist of another split" if clips else "artists in two splits"))
    if audit.duplicates and audit.duplicates.nearest:
        tiles.append((f"{len(audit.duplicates.near):,}", "pairs of near duplicates"))
    return tiles


def _protocols(source: Source) -> list[dict[str, Any]]:
    """Describe each protocol with the sizes and the hash of its split in this copy, as far as its files exist."""
    rows = []
    for protocol in source.dataset.protocols:
        try:
            index = source.dataset.index(source.folder, protocol.name)
            sizes, digest = {split: len(clips) for split, clips in split_clips(index).items()}, split_hash(index)
        except DatasetError:
            sizes, digest = {}, ""
        wrong = {split: n for split, n in protocol.sizes.items() if sizes and sizes.get(split) != n}
        rows.append({"protocol": protocol, "sizes": sizes, "published": wrong, "hash": digest})
    return rows


def _bars(balance: Balance) -> dict[str, Any]:
    """Draw the clips of each tag as stacked bars, the most frequent tags first."""
    order = np.argsort(-balance.total, kind="stable")

    def draw(tags: NDArray[np.int64]) -> list[Chart]:
        names, full = [label(balance.vocabulary.names[tag]) for tag in tags], int(balance.total[tags[0]])
        return [
            charts.stacked_bars([names[i] for i in part], balance.counts[:, tags[part]], full, "Clips of each tag")
            for part in _columns(len(tags))
        ]

    rest = order[VISIBLE:]
    return {
        "first": draw(order[:VISIBLE]),
        "rest": draw(rest) if rest.size else [],
        "rest_tags": len(rest),
        "rest_full": int(balance.total[rest[0]]) if rest.size else 0,
    }


def _heat_map(balance: Balance) -> dict[str, Any]:
    """Draw the co-occurrence of the most frequent tags."""
    tags = _order_by_cooccurrence(balance, np.argsort(-balance.total, kind="stable")[:SHOWN].tolist())
    clips = balance.cooccurrence[np.ix_(tags, tags)]
    shares = clips / np.maximum(np.diag(clips), 1)[:, None]
    names = [label(balance.vocabulary.names[tag]) for tag in tags]
    return {"chart": charts.heat_map(names, shares, "Co-occurrence of tags"), "tags": len(tags)}


def _order_by_cooccurrence(balance: Balance, tags: Sequence[int]) -> list[int]:
    """Order tags so that neighbours co-occur, starting with the first."""
    left, clips = list(tags), balance.cooccurrence
    ordered = [left.pop(0)]
    while left:
        last = ordered[-1]
        either = balance.total[left] + balance.total[last] - clips[last, left]
        ordered.append(left.pop(int(np.argmax(clips[last, left] / np.maximum(either, 1)))))
    return ordered


def _ratios(balance: Balance) -> list[Chart]:
    """Draw the frequency of tags in each labelled split relative to all, the most uneven tags first."""
    rows = [row for row, split in enumerate(balance.splits) if split in balance.labelled]
    sizes = np.array([balance.splits[split] for split in balance.labelled], np.float64)
    counts, expected = balance.counts[rows].astype(np.float64), balance.total * (sizes / sizes.sum())[:, None]
    chi_squared = ((counts - expected) ** 2 / np.maximum(expected, 1e-9)).sum(axis=0)
    tags = [int(tag) for tag in np.argsort(-chi_squared, kind="stable") if balance.total[tag]][:SHOWN]
    names, ratios = [label(balance.vocabulary.names[tag]) for tag in tags], counts[:, tags] / expected[:, tags]
    title = "Frequency of tags by split, relative to the whole set"
    return [charts.ratio_dots([names[i] for i in part], ratios[:, part], rows, title) for part in _columns(len(tags))]


def _histogram(audit: Audit) -> Chart | None:
    """Draw the distribution of the similarity with the nearest neighbour."""
    if audit.duplicates is None or not audit.duplicates.nearest:
        return None
    title = "Cosine similarity of each clip with its nearest neighbour"
    return charts.histogram(audit.duplicates.nearest, audit.duplicates.threshold, title)


def _between_splits(audit: Audit) -> dict[str, list[Overlap]]:
    """Group the overlaps between splits by the pair of splits."""
    pairs: dict[str, list[Overlap]] = {}
    for overlap in audit.within:
        pairs.setdefault(f"{overlap.part} in {overlap.other}", []).append(overlap)
    return pairs


def _other_sets(audit: Audit) -> dict[str, dict[str, Any]]:
    """Arrange the overlaps with other data sets as one table per set and kind."""
    others: dict[str, dict[str, Any]] = {}
    for overlap in audit.across:
        other = others.setdefault(overlap.other.split()[0], {"tables": {}, "details": []})
        table = other["tables"].setdefault(overlap.kind, {"comparable": False, "columns": [], "rows": {}})
        if not table["rows"]:
            other["details"].append(overlap)
        table["comparable"] |= overlap.comparable
        if overlap.other not in table["columns"]:
            table["columns"].append(overlap.other)
        table["rows"].setdefault(overlap.part, []).append(overlap)
    return others


def _columns(items: int) -> list[list[int]]:
    """Divide positions into as few columns as possible, of about equal length."""
    length = -(-items // -(-items // COLUMN))
    return [list(range(i, min(i + length, items))) for i in range(0, items, length)]
