"""Leakage: artists, albums and songs that splits of a data set, or two data sets, share."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import combinations, product
from typing import Literal, TypeAlias

from taggram.auditing.recordings import Recordings
from taggram.datasets.index import ClipIndex, ClipInfo
from taggram.datasets.names import artist_key, letters, title_key

__all__ = ["ALL", "KINDS", "Kind", "Overlap", "between_sets", "between_splits", "count_unnamed", "split_clips"]

Kind: TypeAlias = Literal["artists", "albums", "songs"]
Words: TypeAlias = tuple[str, ...]

ALL = "all"  # name of the part with all clips
USUAL = ("train", "valid", "validation", "test")
# Per kind: the names of a clip as written, and whether they contain any letter.
SPELLING: dict[Kind, Callable[[ClipInfo], Words]] = {
    "artists": lambda clip: (clip.artist,),
    "albums": lambda clip: (clip.artist, clip.album),
    "songs": lambda clip: (clip.artist, clip.title),
}
NAMED: dict[Kind, Callable[[ClipInfo], bool]] = {
    "artists": lambda clip: bool(letters(clip.artist)),
    "albums": lambda clip: bool(letters(clip.album)),
    "songs": lambda clip: bool(letters(clip.artist) and letters(clip.title)),
}
KINDS: tuple[Kind, ...] = tuple(SPELLING)


@dataclass(frozen=True)
class Overlap:
    """Artists, albums or songs of one part that are in another part, too.

    Attributes
    ----------
    kind
        ``artists``, ``albums`` (of one artist) or ``songs`` (artist and title).
    part, other
        Names of the parts, such as ``test`` and ``train`` or ``mtat train``.
    names, clips
        Number of distinct names in `part`, and of its clips with a name.
    shared
        Names of `part` that `other` contains in any spelling; sorted, as spelt in `part`.
    shared_clips
        Clips of `part` with these names.
    exact, exact_clips
        The same two numbers if only equal spellings count.
    comparable
        Whether both parts have any names.
    """

    kind: Kind
    part: str
    other: str
    names: int
    clips: int
    shared: tuple[str, ...]
    shared_clips: int
    exact: int
    exact_clips: int
    comparable: bool


def split_clips(index: ClipIndex) -> dict[str, list[ClipInfo]]:
    """Return the clips of each split: train, validation and test first, then others in order of appearance."""
    splits = defaultdict(list)
    for clip in index.clips:
        splits[clip.split].append(clip)
    order = [*filter(splits.__contains__, USUAL), *(split for split in splits if split not in USUAL)]
    return {split: splits[split] for split in order}


def count_unnamed(index: ClipIndex) -> dict[Kind, int]:
    """Count the clips without an artist, album or song."""
    return {kind: sum(not NAMED[kind](clip) for clip in index.clips) for kind in KINDS}


def between_splits(index: ClipIndex) -> list[Overlap]:
    """Compare each split with each earlier one in artists, albums and songs."""
    overlaps = []
    for kind in KINDS:
        splits = [_Names.from_clips(kind, split, clips) for split, clips in split_clips(index).items() if split]
        overlaps += [_compare(later, earlier) for earlier, later in combinations(splits, 2)]
    return overlaps


def between_sets(index: ClipIndex, name: str, other: ClipIndex) -> list[Overlap]:
    """Compare a data set and its splits with another data set and its splits in artists and songs.

    Titles are compared by `Recordings`, because sources write them differently.

    Parameters
    ----------
    index
        Clips of the data set.
    name, other
        Name and clips of the other data set; the name is the prefix of its splits.
    """
    overlaps = []
    kinds: tuple[Kind, ...] = ("artists", "songs")
    for kind in kinds:
        ours, theirs = (
            [_Names.from_clips(kind, whole, each.clips)]
            + [_Names.from_clips(kind, prefix + split, clips) for split, clips in split_clips(each).items() if split]
            for whole, prefix, each in ((ALL, "", index), (name, f"{name} ", other))
        )
        if kind == "songs":
            for part in theirs:
                part.recordings = Recordings((clip.artist, clip.title) for clip, *_ in part.clips.values())
        overlaps += [_compare(part, against) for part, against in product(ours, theirs)]
    return overlaps


@dataclass
class _Names:
    """The clips of a part by normalized names."""

    kind: Kind
    part: str
    clips: dict[Words, list[ClipInfo]]
    recordings: Recordings | None = None

    @classmethod
    def from_clips(cls, kind: Kind, part: str, clips: Iterable[ClipInfo]) -> _Names:
        named = defaultdict(list)
        for clip in filter(NAMED[kind], clips):
            artist, *title = SPELLING[kind](clip)
            named[artist_key(artist), *map(title_key, title)].append(clip)
        return cls(kind, part, named)

    def contains(self, key: Words, clip: ClipInfo) -> bool:
        return key in self.clips or (self.recordings is not None and self.recordings.contains(clip.artist, clip.title))


def _compare(ours: _Names, theirs: _Names) -> Overlap:
    spelt = SPELLING[ours.kind]
    shared = {key: clips for key, clips in ours.clips.items() if theirs.contains(key, clips[0])}
    spellings = {spelt(clip) for clips in theirs.clips.values() for clip in clips}
    exact = [[clip for clip in clips if spelt(clip) in spellings] for clips in shared.values()]
    return Overlap(
        kind=ours.kind,
        part=ours.part,
        other=theirs.part,
        names=len(ours.clips),
        clips=sum(map(len, ours.clips.values())),
        shared=tuple(sorted(": ".join(filter(None, spelt(clips[0]))) for clips in shared.values())),
        shared_clips=sum(map(len, shared.values())),
        exact=sum(map(bool, exact)),
        exact_clips=sum(map(len, exact)),
        comparable=bool(ours.clips and theirs.clips),
    )
