"""Artists, albums and songs that two parts have in common: splits of a data set, or parts of two data sets."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import combinations, product
from typing import Literal, TypeAlias

from taggram.datasets.audit.names import artist_key, letters, title_key
from taggram.datasets.audit.recordings import Recordings
from taggram.datasets.listing import Listed, Listing

__all__ = ["ALL", "KINDS", "Kind", "Overlap", "between_sets", "between_splits", "parts", "unnamed"]

Kind: TypeAlias = Literal["artists", "albums", "songs"]
Words: TypeAlias = tuple[str, ...]

ALL = "all"  # the name of the part that is the whole set
USUAL = ("train", "valid", "validation", "test")
# Of each kind: how a clip spells what it is of, and whether that says anything.
SPELLING: dict[Kind, Callable[[Listed], Words]] = {
    "artists": lambda clip: (clip.artist,),
    "albums": lambda clip: (clip.artist, clip.album),
    "songs": lambda clip: (clip.artist, clip.title),
}
NAMED: dict[Kind, Callable[[Listed], bool]] = {
    "artists": lambda clip: bool(letters(clip.artist)),
    "albums": lambda clip: bool(letters(clip.album)),
    "songs": lambda clip: bool(letters(clip.artist) and letters(clip.title)),
}
KINDS: tuple[Kind, ...] = tuple(SPELLING)


@dataclass(frozen=True)
class Overlap:
    """What of one part is in another.

    Attributes
    ----------
    kind
        ``artists``, ``albums`` (of one artist) or ``songs`` (artist and title).
    part, other
        Names of the parts, such as ``test`` and ``train`` or ``mtat train``.
    names, clips
        How many `part` has, and how many clips it has of them.
    shared
        Those of `part` that `other` has too, however it spells them; as `part` does, sorted.
    shared_clips
        How many clips of `part` are of these.
    as_written, as_written_clips
        The same two numbers if only equal spellings count.
    known
        Whether both parts have names at all; without them nothing can be said.
    """

    kind: Kind
    part: str
    other: str
    names: int
    clips: int
    shared: tuple[str, ...]
    shared_clips: int
    as_written: int
    as_written_clips: int
    known: bool


def parts(listing: Listing) -> dict[str, list[Listed]]:
    """Return the clips of each split: train, validation and test first, then others in order of appearance."""
    found = defaultdict(list)
    for clip in listing.clips:
        found[clip.split].append(clip)
    order = [*filter(found.__contains__, USUAL), *(split for split in found if split not in USUAL)]
    return {split: found[split] for split in order}


def unnamed(listing: Listing) -> dict[Kind, int]:
    """Count the clips that do not say of which artist, album or song they are."""
    return {kind: sum(not NAMED[kind](clip) for clip in listing.clips) for kind in KINDS}


def between_splits(listing: Listing) -> list[Overlap]:
    """Compare each split with each one before it, for each of artists, albums and songs."""
    found = []
    for kind in KINDS:
        splits = [_Names.of(kind, split, clips) for split, clips in parts(listing).items() if split]
        found += [_compare(later, earlier) for earlier, later in combinations(splits, 2)]
    return found


def between_sets(listing: Listing, name: str, other: Listing) -> list[Overlap]:
    """Compare a data set and its splits with another and its splits, for each of artists and songs.

    Titles are compared as `Recordings` does, because each source writes them in its own way.

    Parameters
    ----------
    listing
        Of the one.
    name, other
        Of the other: its name, with which those of its parts begin, and its listing.
    """
    found = []
    kinds: tuple[Kind, ...] = ("artists", "songs")
    for kind in kinds:
        ours, theirs = (
            [_Names.of(kind, whole, each.clips)]
            + [_Names.of(kind, before + split, clips) for split, clips in parts(each).items() if split]
            for whole, before, each in ((ALL, "", listing), (name, f"{name} ", other))
        )
        if kind == "songs":
            for part in theirs:
                part.recordings = Recordings((clip.artist, clip.title) for clip, *_ in part.clips.values())
        found += [_compare(part, against) for part, against in product(ours, theirs)]
    return found


@dataclass
class _Names:
    """The clips of a part by what they are of, in one spelling."""

    kind: Kind
    part: str
    clips: dict[Words, list[Listed]]
    recordings: Recordings | None = None

    @classmethod
    def of(cls, kind: Kind, part: str, clips: Iterable[Listed]) -> _Names:
        named = defaultdict(list)
        for clip in filter(NAMED[kind], clips):
            artist, *title = SPELLING[kind](clip)
            named[artist_key(artist), *map(title_key, title)].append(clip)
        return cls(kind, part, named)

    def has(self, key: Words, clip: Listed) -> bool:
        return key in self.clips or (self.recordings is not None and self.recordings.has(clip.artist, clip.title))


def _compare(ours: _Names, theirs: _Names) -> Overlap:
    spelt = SPELLING[ours.kind]
    shared = {key: clips for key, clips in ours.clips.items() if theirs.has(key, clips[0])}
    spellings = {spelt(clip) for clips in theirs.clips.values() for clip in clips}
    written = [[clip for clip in clips if spelt(clip) in spellings] for clips in shared.values()]
    return Overlap(
        kind=ours.kind,
        part=ours.part,
        other=theirs.part,
        names=len(ours.clips),
        clips=sum(map(len, ours.clips.values())),
        shared=tuple(sorted(": ".join(filter(None, spelt(clips[0]))) for clips in shared.values())),
        shared_clips=sum(map(len, shared.values())),
        as_written=sum(map(bool, written)),
        as_written_clips=sum(map(len, written)),
        known=bool(ours.clips and theirs.clips),
    )
