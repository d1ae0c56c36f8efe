"""An audit as lines for people: each fact with its number and its share."""

from __future__ import annotations

from collections.abc import Iterator

from taggram.datasets.audit.overlap import ALL, KINDS, Overlap
from taggram.datasets.audit.report import Audit, Duplicates, Place

__all__ = ["facts", "listed", "share"]

FEW = 8  # names in a line
PAIRS = 10  # of near duplicates


def facts(audit: Audit) -> Iterator[str]:
    """Yield what an audit found, one line each."""
    yield from _splits(audit)
    yield from _tags(audit)
    yield from _within(audit)
    yield from _across(audit)
    yield from _sound(audit, audit.duplicates) if audit.duplicates else ["audio: none heard"]


def share(n: int, of: int) -> str:
    """Write a number with its share.

    Examples
    --------
    >>> share(3284, 5329)
    '3,284 of 5,329 (61.6 %)'
    """
    return f"{n:,} of {of:,} ({100 * n / of:.1f} %)" if of else "0 of 0"


def listed(names: list[str], few: int = FEW) -> str:
    """Write the first few of some names.

    Examples
    --------
    >>> listed(["a", "b", "c"], 2)
    'a, b and 1 more'
    """
    more = f" and {len(names) - few:,} more" if len(names) > few else ""
    return ", ".join(names[:few]) + more


def _splits(audit: Audit) -> Iterator[str]:
    balance = audit.balance
    yield f"{audit.name}: {balance.clips:,} clips, {len(balance.vocabulary)} tags, split {audit.hash}"
    for split, n in balance.splits.items():
        name = f"split {split}" if split else "in no split"
        if split not in balance.labelled:
            yield f"{name}: {share(n, balance.clips)} clips; no labels here"
            continue
        yield f"{name}: {share(n, balance.clips)} clips; without tags {share(balance.untagged[split], n)}"
        if absent := balance.absent(split):
            yield f"{name}: {share(len(absent), len(balance.vocabulary))} tags without positives: {listed(absent)}"


def _tags(audit: Audit) -> Iterator[str]:
    balance = audit.balance
    if not balance.labelled:
        yield "tags: no labels here"
        return
    counts = dict(zip(balance.vocabulary.names, balance.total.tolist(), strict=True))
    most, least = max(counts, key=counts.__getitem__), min(counts, key=counts.__getitem__)
    n = sum(balance.splits[split] for split in balance.labelled)
    mean = sum(counts.values()) / n
    ends = f"most frequent {most}, {share(counts[most], n)}; least {least}, {share(counts[least], n)}"
    yield f"tags: {mean:.2f} a clip; {ends}"
    for one, other, both, index in balance.pairs(3):
        yield f"together: {one} and {other}, {both:,} clips, {100 * index:.1f} % of those with either"


def _within(audit: Audit) -> Iterator[str]:
    for kind in KINDS:
        missing, found = audit.unnamed[kind], [overlap for overlap in audit.within if overlap.kind == kind]
        if missing:
            yield f"{kind}: not known of {share(missing, audit.balance.clips)} clips, which do not say"
        shared = [overlap for overlap in found if overlap.shared]
        yield from map(_line, shared)
        if not shared and any(overlap.known for overlap in found):
            yield f"{kind}: none is in two splits"


def _line(overlap: Overlap) -> str:
    part = "" if overlap.part == ALL else f" of {overlap.part}"
    line = (
        f"{overlap.kind}{part} also in {overlap.other}: {share(len(overlap.shared), overlap.names)}, "
        f"with {share(overlap.shared_clips, overlap.clips)} clips"
    )
    if 0 < overlap.as_written_clips < overlap.shared_clips:
        line += (
            f"; spelt alike {share(overlap.as_written, overlap.names)}, "
            f"with {share(overlap.as_written_clips, overlap.clips)}"
        )
    return line


def _across(audit: Audit) -> Iterator[str]:
    """Say what matters most: what of all clips is in a split of another set, and what of a split is in its train."""
    for other in dict.fromkeys(overlap.other.split()[0] for overlap in audit.across):
        found = [overlap for overlap in audit.across if overlap.other.split()[0] == other]
        whole = all(overlap.other == other for overlap in found)  # the other has no splits
        for kind in dict.fromkeys(overlap.kind for overlap in found):
            same = [overlap for overlap in found if overlap.kind == kind]
            if not any(overlap.known for overlap in same):
                yield f"{kind} also in {other}: not known, the clips do not say"
                continue
            shared = [overlap for overlap in same if overlap.shared and (whole or overlap.other != other)]
            for overlap in shared:
                if overlap.part == ALL or overlap.other == f"{other} train":
                    yield _line(overlap)
            if not shared:
                yield f"{kind}: none is also in {other}"


def _sound(audit: Audit, found: Duplicates) -> Iterator[str]:
    failed = f"; {found.failed:,} cannot be decoded" if found.failed else ""
    yield f"audio: {share(found.heard, audit.balance.clips)} clips heard{failed}"
    for what, groups in (("equal files", found.files), ("equal samples", found.samples)):
        yield f"{what}: {len(groups):,} groups" if groups else f"{what}: none"
        for group in groups[:PAIRS]:
            yield f"{what}: {', '.join(map(_place, group))}"
    if not found.nearest:
        yield "near duplicates: too few clips to tell"
        return
    crossing = sum(_crosses(pair.one, pair.other) for pair in found.near)
    yield (
        f"near duplicates: {len(found.near):,} pairs with a cosine from {found.threshold} on ({found.model}), "
        f"{crossing:,} of them in two splits or sets"
    )
    for pair in found.near[:PAIRS]:
        names = f", same {pair.same}" if pair.same else ""
        yield f"near duplicates: {_place(pair.one)}, {_place(pair.other)}: {pair.cosine:.3f}{names}"


def _place(place: Place) -> str:
    return f"{place} ({place.split})" if place.split else str(place)


def _crosses(one: Place, other: Place) -> bool:
    return (one.source, one.split) != (other.source, other.split)
