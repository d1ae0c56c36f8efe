"""An audit as one page of HTML that needs nothing else: no scripts, no other files."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from html import escape
from importlib import resources
from typing import TYPE_CHECKING

import numpy as np

from taggram.datasets.audit import charts
from taggram.datasets.audit.facts import share
from taggram.datasets.audit.overlap import ALL, KINDS, Kind, Overlap, parts
from taggram.datasets.audit.report import Audit, Duplicates, Near, Place
from taggram.datasets.protocols import split_hash
from taggram.errors import DatasetError
from taggram.vocabularies import label

if TYPE_CHECKING:
    from pathlib import Path

    from taggram.datasets.dataset import Dataset

__all__ = ["page"]

COLUMN, FIRST = 20, 60  # bars in a column, and tags before the rest is folded away
ROWS, NAMES, PAIRS = 60, 200, 12  # at most: near duplicates, shared names, and tags that come together


def page(audit: Audit, data: Dataset, folder: Path, protocol: str | None = None) -> str:
    """Write the page of an audit.

    Parameters
    ----------
    audit
        What was found.
    data
        The data set; the page says what it is.
    folder
        Where its files lie: other protocols are listed too.
    protocol
        The one that was audited; None: the usual one.
    """
    known = data.protocol(protocol).name
    sections = [
        _section("Protocols", _protocols(data, folder, known)),
        _section("Splits", _splits(audit)),
        *([_section("Tags", _tags(audit))] if audit.balance.labelled else []),
        *([_section("Tags that come together", _together(audit))] if audit.balance.labelled else []),
        *([_section("Balance of the splits", _balance(audit))] if len(audit.balance.labelled) > 1 else []),
        _section("What splits have in common", _within(audit)),
        *(_section(f"In common with {escape(name)}", _across(overlaps)) for name, overlaps in _others(audit).items()),
        _section("Clips that sound the same", _sound(audit, audit.duplicates)),
    ]
    style = (resources.files(__package__) / "page.css").read_text(encoding="utf-8")
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="taggram-split" content="{data.name} {known} {audit.hash}">
<title>{escape(data.name)}, protocol {escape(known)}: audit</title>
<style>
{style}</style>
</head>
<body>
<header>
<p class="kind">Data set audit</p>
<h1>{escape(data.title)} <small><code>{escape(data.name)}</code>, protocol <code>{escape(known)}</code></small></h1>
<p class="about">{escape(data.about)}</p>
{_tiles(audit)}
<dl>
<dt>Cite</dt><dd>{escape(data.citation)}</dd>
<dt>Licence</dt><dd>{escape(data.licence)}</dd>
<dt>Home</dt><dd><a href="{escape(data.homepage)}">{escape(data.homepage)}</a></dd>
</dl>
{_list("Known traps", data.traps)}
</header>
<main>
{"".join(sections)}</main>
<footer>Made by <code>taggram data audit {escape(data.name)} ... --page</code>.</footer>
</body>
</html>
"""


def _section(title: str, parts: Iterable[str]) -> str:
    body = "\n".join(parts)
    return f"<section>\n<h2>{title}</h2>\n{body}\n</section>\n"


def _tiles(audit: Audit) -> str:
    balance = audit.balance
    tiles = [(f"{balance.clips:,}", "clips"), (f"{len(balance.vocabulary):,}", "tags"), (audit.hash, "split hash")]
    leaks = [overlap for overlap in audit.within if overlap.kind == "artists" and overlap.known]
    if leaks:
        clips = max(overlap.shared_clips for overlap in leaks)
        tiles.append((f"{clips:,}", "clips of an artist who is in another split" if clips else "artists in two splits"))
    if audit.duplicates and audit.duplicates.nearest:
        tiles.append((f"{len(audit.duplicates.near):,}", "pairs of near duplicates"))
    shown = "".join(f"<div><b>{escape(value)}</b><span>{escape(name)}</span></div>" for value, name in tiles)
    return f'<div class="tiles">{shown}</div>'


def _protocols(data: Dataset, folder: Path, chosen: str) -> Iterator[str]:
    rows = []
    for protocol in data.protocols:
        try:
            listing = data.listing(folder, protocol.name)
            sizes, digest = {split: len(clips) for split, clips in parts(listing).items()}, split_hash(listing)
        except DatasetError:
            sizes, digest = {}, ""
        found = ", ".join(f"{split or 'no split'} {n:,}" for split, n in sizes.items()) or "its files are not here"
        wrong = [f"{split} {n:,}" for split, n in protocol.sizes.items() if sizes and sizes.get(split) != n]
        published = f'<br><span class="bad">published: {escape(", ".join(wrong))}</span>' if wrong else ""
        leaky = ' <span class="bad">leaky</span>' if protocol.leaky else ""
        name = f"<b>{escape(protocol.name)}</b>" if protocol.name == chosen else escape(protocol.name)
        rows.append(
            [name + leaky, escape(protocol.about), escape(found) + published, f'<code class="hash">{digest}</code>']
        )
    yield _table(["protocol", "about", "clips", "split hash"], rows, "text")
    yield "<p>The hash changes with any id or its split. Figures are of the protocol in bold.</p>"


def _splits(audit: Audit) -> Iterator[str]:
    balance = audit.balance
    rows = []
    for i, (split, n) in enumerate(balance.splits.items()):
        key = f'<i class="s{min(i, 4)}"></i>{escape(split) or "in no split"}'
        if split in balance.labelled:
            absent = balance.absent(split)
            names = escape(", ".join(map(label, absent)))
            folded = f"<details><summary>{len(absent):,}</summary>{names}</details>" if absent else "0"
            rows.append([key, share(n, balance.clips), share(balance.untagged[split], n), folded])
        else:
            rows.append([key, share(n, balance.clips), "no labels here", ""])
    yield _table(["split", "clips", "without tags", "tags without positives"], rows)


def _tags(audit: Audit) -> Iterator[str]:
    balance = audit.balance
    order = np.argsort(-balance.total, kind="stable").tolist()
    top = int(balance.total.max())
    yield "<p>Clips that have each tag.</p>"
    yield _legend(balance.labelled, [*balance.splits])
    yield _columns(charts.counts(balance, some, top) for some in _even(order[:FIRST]))
    if rest := order[FIRST:]:
        few = int(balance.total[rest[0]])
        yield f"<details><summary>The other {len(rest):,} tags, with {few:,} clips at most</summary>"
        yield f"<p>A full bar is {few:,} clips here.</p>"
        yield _columns(charts.counts(balance, some, few) for some in _even(rest))
        yield "</details>"


def _together(audit: Audit) -> Iterator[str]:
    if not audit.balance.pairs(1):
        yield "<p>Every clip has one tag at most.</p>"
        return
    picture, n = charts.heat_map(audit.balance)
    which = f"The {n} most frequent tags" if n < len(audit.balance.vocabulary) else "All tags"
    yield f"<p>{which}: of the clips with the tag of a row, the share that has that of a column, too.</p>"
    yield f'<div class="wide">{picture}</div>'
    rows = [
        [escape(label(one)), escape(label(other)), f"{both:,}", f"{100 * index:.1f} %"]
        for one, other, both, index in audit.balance.pairs(PAIRS)
    ]
    yield "<h3>The closest</h3>"
    yield _table(["tag", "and", "clips with both", "of those with either"], rows)


def _balance(audit: Audit) -> Iterator[str]:
    balance = audit.balance
    many = len(balance.vocabulary) > charts.SHOWN
    which = f"The {charts.SHOWN} tags that are split most unevenly" if many else "All tags, the most uneven first"
    yield (
        f"<p>{which}: how many times as frequent each is in a split as in all of them. "
        "In a perfect split all points are at 1.</p>"
    )
    yield _legend(balance.labelled, [*balance.splits])
    yield _columns((charts.ratios(balance, some) for some in _even(charts.uneven(balance))), "halves")


def _within(audit: Audit) -> Iterator[str]:
    if not audit.within:
        yield "<p>There is one split at most.</p>"
        return
    yield "<p>Names are compared by their letters and digits, without guests, track numbers and a leading The.</p>"
    rows = []
    for part, other in dict.fromkeys((overlap.part, overlap.other) for overlap in audit.within):
        found = [overlap for overlap in audit.within if (overlap.part, overlap.other) == (part, other)]
        rows.append([f"{escape(part)} in {escape(other)}", *map(_shared, found)])
    yield _table(["clips of", *KINDS], rows)
    missing = [f"{share(n, audit.balance.clips)} their {kind}" for kind, n in audit.unnamed.items() if n]
    if missing:
        yield f"<p>Clips that do not say: {', '.join(missing)}.</p>"
    yield from _names(audit.within)


def _others(audit: Audit) -> dict[str, list[Overlap]]:
    found: dict[str, list[Overlap]] = {}
    for overlap in audit.across:
        found.setdefault(overlap.other.split()[0], []).append(overlap)
    return found


def _across(overlaps: Sequence[Overlap]) -> Iterator[str]:
    yield "<p>Clips of a part in the rows whose artist, and whose song, is in a part in the columns, too.</p>"
    kinds: dict[Kind, str] = {"artists": "Artists", "songs": "Songs"}
    for kind, title in kinds.items():
        found = [overlap for overlap in overlaps if overlap.kind == kind]
        yield f"<h3>{title}</h3>"
        if not any(overlap.known for overlap in found):
            yield "<p>Not known: the clips do not say.</p>"
            continue
        columns = list(dict.fromkeys(overlap.other for overlap in found))
        cells = {(overlap.part, overlap.other): _shared(overlap) for overlap in found}
        rows = [
            [escape(part), *(cells[part, other] for other in columns)]
            for part in dict.fromkeys(overlap.part for overlap in found)
        ]
        yield _table(["", *map(escape, columns)], rows)
    yield from _names(overlaps[i] for i in (0, len(overlaps) // 2))


def _names(overlaps: Iterable[Overlap]) -> Iterator[str]:
    for overlap in overlaps:
        if overlap.shared:
            part = "" if overlap.part == ALL else f" of {overlap.part}"
            what = f"{overlap.kind}{part} also in {overlap.other}"
            shown = " \N{MIDDLE DOT} ".join(escape(name.replace("_", " ")) for name in overlap.shared[:NAMES])
            more = f" and {len(overlap.shared) - NAMES:,} more" if len(overlap.shared) > NAMES else ""
            summary = f"{len(overlap.shared):,} {escape(what)}"
            yield f"<details><summary>{summary}</summary><p>{shown}{more}</p></details>"


def _sound(audit: Audit, found: Duplicates | None) -> Iterator[str]:
    if found is None:
        yield "<p>No clip was heard.</p>"
        return
    failed = f" {found.failed:,} files cannot be decoded." if found.failed else ""
    yield f"<p>{share(found.heard, audit.balance.clips)} clips were heard.{failed}</p>"
    for title, groups in (("Equal files", found.files), ("Equal samples", found.samples)):
        yield f"<h3>{title}</h3>"
        if not groups:
            yield "<p>None.</p>"
            continue
        rows = [["<br>".join(map(_place, group))] for group in groups[:ROWS]]
        yield _table([f"{len(groups):,} groups"], rows)
    yield "<h3>Near duplicates</h3>"
    if not found.nearest:
        yield "<p>There are too few clips to tell.</p>"
        return
    yield (
        f"<p>{len(found.near):,} pairs of clips whose embeddings by {escape(found.model)} have a cosine from "
        f"{found.threshold} on. They are to be listened to: pieces that sound alike may come as close.</p>"
    )
    yield f'<div class="fit">{charts.nearest(found.nearest)}</div>'
    if found.near:
        yield _table(["clip", "clip", "cosine", "same"], map(_near, found.near[:ROWS]))
    if len(found.near) > ROWS:
        yield f"<p>The {ROWS} closest are shown; <code>--json</code> has all.</p>"


def _near(pair: Near) -> list[str]:
    return [_place(pair.one), _place(pair.other), f"{pair.cosine:.3f}", pair.same]


def _place(place: Place) -> str:
    split = f" <small>{escape(place.split)}</small>" if place.split else ""
    return f"<code>{escape(str(place))}</code>{split}"


def _shared(overlap: Overlap) -> str:
    if not overlap.known:
        return "not known"
    said = _meter(overlap.shared_clips, overlap.clips)
    if overlap.shared:
        said += f"<br><small>{share(len(overlap.shared), overlap.names)} {overlap.kind}</small>"
        if 0 < overlap.as_written_clips < overlap.shared_clips:
            written = f"{share(overlap.as_written_clips, overlap.clips)}, {share(overlap.as_written, overlap.names)}"
            said += f"<br><small>spelt alike: {written} {overlap.kind}</small>"
    return said


def _meter(n: int, of: int) -> str:
    wide = 100 * n / of if of else 0
    return f'<span class="meter"><i style="width:{wide:.1f}%"></i></span>{share(n, of)}'


def _legend(labelled: Sequence[str], splits: Sequence[str]) -> str:
    keys = (f'<span><i class="s{min(splits.index(s), 4)}"></i>{escape(s) or "in no split"}</span>' for s in labelled)
    return f'<p class="legend">{"".join(keys)}</p>'


def _even(tags: Sequence[int]) -> Iterator[Sequence[int]]:
    """Cut tags into as few columns as may be, of about the same length."""
    long = -(-len(tags) // -(-len(tags) // COLUMN))
    return (tags[i : i + long] for i in range(0, len(tags), long))


def _columns(pictures: Iterable[str], kind: str = "columns") -> str:
    return f'<div class="{kind}">{"".join(pictures)}</div>'


def _list(title: str, items: Sequence[str]) -> str:
    lines = "".join(f"<li>{escape(item)}</li>" for item in items)
    return f"<h3>{title}</h3>\n<ul>{lines}</ul>" if items else ""


def _table(head: Sequence[str], rows: Iterable[Sequence[str]], kind: str = "") -> str:
    top = "".join(f"<th>{cell}</th>" for cell in head)
    body = "\n".join(f"<tr>{''.join(f'<td>{cell}</td>' for cell in row)}</tr>" for row in rows)
    return f'<div class="wide"><table class="{kind}"><thead><tr>{top}</tr></thead>\n<tbody>{body}</tbody></table></div>'
