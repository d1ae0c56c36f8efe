"""The result of an audit, and how it is computed from indexes and fingerprints."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

import numpy as np

from taggram.auditing.balance import Balance
from taggram.auditing.duplicates import THRESHOLD, equal_groups, near_duplicates
from taggram.auditing.fingerprints import Fingerprints
from taggram.auditing.overlap import Kind, Overlap, between_sets, between_splits, count_unnamed
from taggram.auditing.recordings import Recordings
from taggram.datasets.index import ClipIndex, ClipInfo
from taggram.datasets.names import artist_key, letters
from taggram.datasets.split_hash import split_hash
from taggram.vocabularies import Vocabulary

__all__ = ["Audit", "ClipRef", "Duplicates", "IndexedSource", "NearDuplicate", "audit"]


@dataclass(frozen=True, eq=False)
class IndexedSource:
    """The clips of a data set with their fingerprints.

    Attributes
    ----------
    name
        Name of the data set in the audit, without spaces.
    index
        Its clips.
    fingerprints
        Fingerprints of their audio; None if audio is not compared.
    """

    name: str
    index: ClipIndex
    fingerprints: Fingerprints | None = None


@dataclass(frozen=True)
class ClipRef:
    """Reference to a clip of one of the sources of an audit.

    Attributes
    ----------
    source
        Name of the source; empty for the audited data set.
    id, split
        As in the index.
    """

    source: str
    id: str
    split: str

    def __str__(self) -> str:
        return f"{self.source}/{self.id}" if self.source else self.id


@dataclass(frozen=True)
class NearDuplicate:
    """Two clips with similar embeddings.

    Attributes
    ----------
    one, other
        The clips.
    cosine
        Cosine similarity of their standardised embeddings.
    same
        ``song`` or ``artist`` if their metadata agree in it; else empty.
    """

    one: ClipRef
    other: ClipRef
    cosine: float
    same: Literal["song", "artist", ""]


@dataclass(frozen=True, eq=False)
class Duplicates:
    """Duplicates within a data set, and between it and others.

    Attributes
    ----------
    decoded
        Clips of the data set whose audio could be decoded.
    failed
        Audio files of it that cannot be decoded.
    files, samples
        Groups of clips with bit-identical files, and with bit-identical decoded samples.
    near
        Pairs with a cosine similarity of at least `threshold`, in descending order; at most 20 per clip.
    nearest
        Of each decoded clip, the cosine similarity with its nearest neighbour. Empty if there are too few clips.
    threshold, model
        Threshold of near duplicates, and the model of the embeddings.
    """

    decoded: int
    failed: int
    files: tuple[tuple[ClipRef, ...], ...]
    samples: tuple[tuple[ClipRef, ...], ...]
    near: tuple[NearDuplicate, ...]
    nearest: tuple[float, ...]
    threshold: float
    model: str


@dataclass(frozen=True, eq=False)
class Audit:
    """The result of an audit.

    Attributes
    ----------
    name
        Name of the data set.
    hash
        Hash of its split, see `split_hash`.
    balance
        Counts of clips and tags per split.
    unnamed
        Clips without artist, album or song.
    within, across
        Overlap between its splits, and with other data sets.
    duplicates
        Duplicate audio; None if no audio was compared.
    unreadable
        One line per audio file that cannot be decoded, of any source.
    """

    name: str
    hash: str
    balance: Balance
    unnamed: dict[Kind, int]
    within: tuple[Overlap, ...]
    across: tuple[Overlap, ...]
    duplicates: Duplicates | None
    unreadable: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return the audit as JSON data."""
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
                    "without_positives": balance.without_positives(split),
                }
                for (split, n), row in zip(balance.splits.items(), balance.counts, strict=True)
            },
            "cooccurrence": [
                {"tags": [one, other], "clips": n, "jaccard": round(jaccard, 4)}
                for one, other, n, jaccard in balance.pairs(len(tags) ** 2)
            ],
            "unnamed": dict(self.unnamed),
            "within": [asdict(overlap) for overlap in self.within],
            "across": [asdict(overlap) for overlap in self.across],
            "duplicates": None if self.duplicates is None else asdict(self.duplicates),
            "unreadable": list(self.unreadable),
        }


def audit(source: IndexedSource, vocabulary: Vocabulary, against: Sequence[IndexedSource] = ()) -> Audit:
    """Compute the audit of a data set.

    Parameters
    ----------
    source
        The data set.
    vocabulary
        Vocabulary of its labels.
    against
        Other data sets, which may share recordings with it.

    Raises
    ------
    DatasetError
        If a clip has a label that is not in the vocabulary.
    """
    sources = [source, *against]
    return Audit(
        name=source.name,
        hash=split_hash(source.index),
        balance=Balance.from_index(source.index, vocabulary),
        unnamed=count_unnamed(source.index),
        within=tuple(between_splits(source.index)),
        across=tuple(overlap for other in against for overlap in between_sets(source.index, other.name, other.index)),
        duplicates=_duplicates(sources),
        unreadable=tuple(line for each in sources if each.fingerprints for line in each.fingerprints.errors),
    )


def _duplicates(sources: Sequence[IndexedSource]) -> Duplicates | None:
    """Compare the audio of the first source with that of all."""
    audible = [(each, each.fingerprints) for each in sources if each.fingerprints and each.fingerprints.embeddings.size]
    first = sources[0].fingerprints
    if not audible or first is None or audible[0][0] is not sources[0]:
        return None
    clips = [(source, clip) for source, _ in audible for clip in source.index.clips]
    count = len(sources[0].index.clips)  # its clips come first

    def reference(i: int) -> ClipRef:
        source, clip = clips[i]
        return ClipRef("" if i < count else source.name, clip.id, clip.split)

    def groups(hashes: Sequence[str]) -> tuple[tuple[ClipRef, ...], ...]:
        return tuple(tuple(map(reference, group)) for group in equal_groups(hashes) if group[0] < count)

    near = near_duplicates(np.concatenate([fingerprints.embeddings for _, fingerprints in audible]))
    return Duplicates(
        decoded=sum(map(bool, first.files)),
        failed=len(first.errors),
        files=groups([digest for _, fingerprints in audible for digest in fingerprints.files]),
        samples=groups([digest for _, fingerprints in audible for digest in fingerprints.samples]),
        near=tuple(
            NearDuplicate(reference(i), reference(j), round(float(cosine), 4), _same(clips[i][1], clips[j][1]))
            for (i, j), cosine in zip(near.pairs.tolist(), near.cosines, strict=True)
            if i < count
        ),
        nearest=tuple(round(value, 4) for value in near.nearest[:count].tolist() if math.isfinite(value)),
        threshold=THRESHOLD,
        model=first.model,
    )


def _same(one: ClipInfo, other: ClipInfo) -> Literal["song", "artist", ""]:
    if Recordings([(one.artist, one.title)]).contains(other.artist, other.title):
        return "song"
    return "artist" if letters(one.artist) and artist_key(one.artist) == artist_key(other.artist) else ""
