"""The audit of a data set: everything that is found, as figures and as lines."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

import numpy as np

from taggram.datasets.audit.balance import Balance
from taggram.datasets.audit.duplicates import THRESHOLD, close, equal
from taggram.datasets.audit.names import artist_key, letters
from taggram.datasets.audit.overlap import Kind, Overlap, between_sets, between_splits, unnamed
from taggram.datasets.audit.recordings import Recordings
from taggram.datasets.audit.sounds import Sounds
from taggram.datasets.listing import Listed, Listing
from taggram.datasets.protocols import split_hash
from taggram.vocabularies import Vocabulary

__all__ = ["Audit", "Duplicates", "Near", "Place", "Source", "audit"]


@dataclass(frozen=True, eq=False)
class Source:
    """A data set as it is here, for an audit.

    Attributes
    ----------
    name
        By which the audit calls it.
    listing
        Its clips.
    sounds
        How they sound; None where that is not to be looked at.
    """

    name: str
    listing: Listing
    sounds: Sounds | None = None


@dataclass(frozen=True)
class Place:
    """A clip of one of the sources of an audit.

    Attributes
    ----------
    source
        Its name; empty for the data set that is audited.
    id, split
        As listed.
    """

    source: str
    id: str
    split: str

    def __str__(self) -> str:
        return f"{self.source}/{self.id}" if self.source else self.id


@dataclass(frozen=True)
class Near:
    """Two clips whose embeddings lie close together.

    Attributes
    ----------
    one, other
        Where they are.
    cosine
        Of their embeddings.
    same
        ``song`` or ``artist``, if their names say so; else empty.
    """

    one: Place
    other: Place
    cosine: float
    same: Literal["song", "artist", ""]


@dataclass(frozen=True, eq=False)
class Duplicates:
    """Clips of a data set that sound like others of it, or of the sources that it is compared with.

    Attributes
    ----------
    heard
        Clips of the data set whose audio is here.
    failed
        Clips of it whose file is here and cannot be decoded.
    files, samples
        Groups of clips whose files, and whose decoded samples, are equal to the bit.
    near
        Pairs whose embeddings have a cosine of at least `threshold`, the closest first; at most 20 of each clip.
    nearest
        Of each clip that was heard: cosine with the nearest other clip. Empty where there are too few to tell.
    threshold, model
        How near duplicates were found.
    """

    heard: int
    failed: int
    files: tuple[tuple[Place, ...], ...]
    samples: tuple[tuple[Place, ...], ...]
    near: tuple[Near, ...]
    nearest: tuple[float, ...]
    threshold: float
    model: str


@dataclass(frozen=True, eq=False)
class Audit:
    """What was found in a data set.

    Attributes
    ----------
    name
        Of the data set.
    hash
        Of its split, see `split_hash`.
    balance
        Clips and tags, split by split.
    unnamed
        Clips that do not say of which artist, album or song they are.
    within, across
        What splits have in common, and what the set has in common with others.
    duplicates
        Clips that sound the same; None where no audio was looked at.
    """

    name: str
    hash: str
    balance: Balance
    unnamed: dict[Kind, int]
    within: tuple[Overlap, ...]
    across: tuple[Overlap, ...]
    duplicates: Duplicates | None

    def to_dict(self) -> dict[str, Any]:
        """Return everything as what JSON can hold."""
        balance = self.balance
        tags = balance.vocabulary.names
        return {
            "name": self.name,
            "hash": self.hash,
            "clips": balance.clips,
            "splits": {
                split: {
                    "clips": n,
                    "untagged": balance.untagged[split],
                    "labelled": split in balance.labelled,
                    "tags": dict(zip(tags, row.tolist(), strict=True)),
                    "absent": balance.absent(split),
                }
                for (split, n), row in zip(balance.splits.items(), balance.counts, strict=True)
            },
            "together": [
                {"tags": [one, other], "clips": n, "share": round(share, 4)}
                for one, other, n, share in balance.pairs(len(tags) ** 2)
            ],
            "unnamed": dict(self.unnamed),
            "within": [asdict(overlap) for overlap in self.within],
            "across": [asdict(overlap) for overlap in self.across],
            "duplicates": None if self.duplicates is None else asdict(self.duplicates),
        }


def audit(source: Source, vocabulary: Vocabulary, against: Sequence[Source] = ()) -> Audit:
    """Look for what is wrong with a data set; what is not here, such as labels or audio, is left out.

    Parameters
    ----------
    source
        The data set.
    vocabulary
        Of its labels.
    against
        Others that may hold the same recordings.

    Raises
    ------
    DatasetError
        If a clip has a label that the vocabulary lacks.
    """
    return Audit(
        source.name,
        split_hash(source.listing),
        Balance.of(source.listing, vocabulary),
        unnamed(source.listing),
        tuple(between_splits(source.listing)),
        tuple(found for other in against for found in between_sets(source.listing, other.name, other.listing)),
        _duplicates([source, *against]),
    )


def _duplicates(sources: Sequence[Source]) -> Duplicates | None:
    """Compare what is heard of the first source with all that is heard."""
    heard = [(source, source.sounds) for source in sources if source.sounds and source.sounds.embeddings.size]
    first = sources[0].sounds
    if not heard or first is None or heard[0][0] is not sources[0]:
        return None
    clips = [(source, clip) for source, _ in heard for clip in source.listing.clips]
    count = len(sources[0].listing.clips)  # its clips come first

    def place(i: int) -> Place:
        source, clip = clips[i]
        return Place("" if i < count else source.name, clip.id, clip.split)

    def groups(hashes: Sequence[str]) -> tuple[tuple[Place, ...], ...]:
        return tuple(tuple(map(place, group)) for group in equal(hashes) if group[0] < count)

    found = close(np.concatenate([sounds.embeddings for _, sounds in heard]))
    return Duplicates(
        heard=sum(map(bool, first.files)),
        failed=first.failed,
        files=groups([digest for _, sounds in heard for digest in sounds.files]),
        samples=groups([digest for _, sounds in heard for digest in sounds.samples]),
        near=tuple(
            Near(place(i), place(j), round(float(cosine), 4), _same(clips[i][1], clips[j][1]))
            for (i, j), cosine in zip(found.pairs.tolist(), found.cosines, strict=True)
            if i < count
        ),
        nearest=tuple(round(value, 4) for value in found.nearest[:count].tolist() if math.isfinite(value)),
        threshold=THRESHOLD,
        model=first.model,
    )


def _same(one: Listed, other: Listed) -> Literal["song", "artist", ""]:
    if Recordings([(one.artist, one.title)]).has(other.artist, other.title):
        return "song"
    return "artist" if letters(one.artist) and artist_key(one.artist) == artist_key(other.artist) else ""
