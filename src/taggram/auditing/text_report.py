"""An audit as lines of text, each fact with its number and its share."""

from __future__ import annotations

from collections.abc import Iterator

from taggram.auditing.audit import Audit, ClipRef, Duplicates
from taggram.auditing.overlap import ALL, KINDS, Overlap

__all__ = ["abbreviate", "share", "text_report"]

NAMES = 8  # in a line
PAIRS = 10  # of near duplicates


def text_report(audit: Audit) -> Iterator[str]:
    """Yield the findings of an audit, one line each."""
    yield from _splits(audit)
    yield from _tags(audit)
    yield from _within(audit)
    yield from _across(audit)
    yield from _duplicates(audit, audit.duplicates) if audit.duplicates else ["audio: not available"]


def share(n: int, of: int) -> str:
    """Format a count with its share of a total.

    Examples
    --------
    >>> share(3284, 5329)
    '3,284 of 5,329 (61.6 %)'
    """
    return f"{n:,} of {of:,} ({100 * n / of:.1f} %)" if of else "0 of 0"


def abbreviate(names: list[str], limit: int = NAMES) -> str:
    """Join the first names of a list, and count the rest.

    Examples
    --------
    >>> abbreviate(["a", "b", "c"], 2)
    'a, b and 1 more'
    """
    more = f" and {len(names) - limit:,} more" if len(names) > limit else ""
    return ", ".join(names[:limit]) + more


def _splits(audit: Audit) -> Iterator[str]:
    balance = audit.balance
    yield f"{audit.name}: {balance.clips:,} clips, {len(balance.vocabulary)} tags, split {audit.hash}"
    for split, n in balance.splits.items():
        name = f"split {split}" if split else "no split"
        if split not in balance.labelled:
            yield f"{name}: {share(n, balance.clips)} clips; labels are missing"
            continue
        yield f"{name}: {share(n, balance.clips)} clips; without tags {share(balance.untagged[split], n)}"
        if tags := balance.without_positives(split):
            yield f"{name}: {share(len(tags), len(balance.vocabulary))} tags without positives: {abbreviate(tags)}"


def _tags(audit: Audit) -> Iterator[str]:
    balance = audit.balance
    if not balance.labelled:
        yield "tags: labels are missing"
        return
    counts = dict(zip(balance.vocabulary.names, balance.total.tolist(), strict=True))
    most, least = max(counts, key=counts.__getitem__), min(counts, key=counts.__getitem__)
    n = sum(balance.splits[split] for split in balance.labelled)
    mean = sum(counts.values()) / n
    ends = f"most frequent {most}, {share(counts[most], n)}; least {least}, {share(counts[least], n)}"
    yield f"tags: {mean:.2f} per clip; {ends}"
    for one, other, both, jaccard in balance.pairs(3):
        yield f"co-occurrence: {one} and {other}, {both:,} clips, {100 * jaccard:.1f} % of those with either"


def _within(audit: Audit) -> Iterator[str]:
    for kind in KINDS:
        unnamed, overlaps = audit.unnamed[kind], [overlap for overlap in audit.within if overlap.kind == kind]
        if unnamed:
            yield f"{kind}: unknown for {share(unnamed, audit.balance.clips)} clips"
        shared = [overlap for overlap in overlaps if overlap.shared]
        yield from map(_line, shared)
        if not shared and any(overlap.comparable for overlap in overlaps):
            yield f"{kind}: none in two splits"


def _line(overlap: Overlap) -> str:
    part = "" if overlap.part == ALL else f" of {overlap.part}"
    line = (
        f"{overlap.kind}{part} also in {overlap.other}: {share(len(overlap.shared), overlap.names)}, "
        f"with {share(overlap.shared_clips, overlap.clips)} clips"
    )
    if 0 < overlap.exact_clips < overlap.shared_clips:
        line += (
            f"; in equal spelling {share(overlap.exact, overlap.names)}, "
            f"with {share(overlap.exact_clips, overlap.clips)}"
        )
    return line


def _across(audit: Audit) -> Iterator[str]:
    """Yield the most important overlaps: all clips against each split of another set, each split against its train."""
    for other in dict.fromkeys(overlap.other.split()[0] for overlap in audit.across):
        overlaps = [overlap for overlap in audit.across if overlap.other.split()[0] == other]
        unsplit = all(overlap.other == other for overlap in overlaps)
        for kind in dict.fromkeys(overlap.kind for overlap in overlaps):
            same_kind = [overlap for overlap in overlaps if overlap.kind == kind]
            if not any(overlap.comparable for overlap in same_kind):
                yield f"{kind} also in {other}: unknown, the clips are not named"
                continue
            shared = [overlap for overlap in same_kind if overlap.shared and (unsplit or overlap.other != other)]
            for overlap in shared:
                if overlap.part == ALL or overlap.other == f"{other} train":
                    yield _line(overlap)
            if not shared:
                yield f"{kind}: none also in {other}"


def _duplicates(audit: Audit, duplicates: Duplicates) -> Iterator[str]:
    failed = f"; {duplicates.failed:,} cannot be decoded" if duplicates.failed else ""
    yield f"audio: {share(duplicates.decoded, audit.balance.clips)} clips decoded{failed}"
    for what, groups in (("equal files", duplicates.files), ("equal samples", duplicates.samples)):
        yield f"{what}: {len(groups):,} groups" if groups else f"{what}: none"
        for group in groups[:PAIRS]:
            yield f"{what}: {', '.join(map(_clip, group))}"
    if not duplicates.nearest:
        yield "near duplicates: too few clips"
        return
    crossing = sum(
        (pair.one.source, pair.one.split) != (pair.other.source, pair.other.split) for pair in duplicates.near
    )
    yield (
        f"near duplicates: {len(duplicates.near):,} pairs with a cosine of at least {duplicates.threshold} "
        f"({duplicates.model}), {crossing:,} of them in two splits or sets"
    )
    for pair in duplicates.near[:PAIRS]:
        names = f", same {pair.same}" if pair.same else ""
        yield f"near duplicates: {_clip(pair.one)}, {_clip(pair.other)}: {pair.cosine:.3f}{names}"


def _clip(clip: ClipRef) -> str:
    return f"{clip} ({clip.split})" if clip.split else str(clip)
