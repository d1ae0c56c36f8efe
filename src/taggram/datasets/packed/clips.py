"""The clips of a packed store, as columns and one by one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import overload

import numpy as np
from numpy.typing import NDArray

from taggram._text import decode_path
from taggram.datasets.packed.manifest import Manifest, Texts

__all__ = ["StoredClip", "StoredClips"]


@dataclass(frozen=True, slots=True)
class StoredClip:
    """One clip of a packed store.

    Attributes
    ----------
    id, path, split, labels, group
        As in the source, see `ClipInfo`.
    length
        In samples, at least 1.
    duration
        In seconds.
    warning
        Damage of the file when it was packed; empty for an intact one.
    hash
        SHA-256 of the file, in hexadecimal.
    """

    id: str
    path: str
    split: str
    labels: tuple[str, ...]
    group: str
    length: int
    duration: float
    warning: str
    hash: str


class StoredClips(Sequence[StoredClip]):
    """All clips of a store in the order of the source, with their metadata as columns.

    Columns of numbers are read when the store is opened, columns of text when they are first accessed.

    Parameters
    ----------
    manifest
        Manifest of the store.

    Attributes
    ----------
    lengths : (clips,) int64
        In samples.
    durations : (clips,) float64
        In seconds.
    shards : (clips,) int64
        Number of the shard with the clip.
    offsets : (clips,) int64
        First sample of the clip in its shard.
    """

    def __init__(self, manifest: Manifest) -> None:
        self._manifest = manifest
        self.lengths: NDArray[np.int64] = manifest.numbers("length")
        self.durations: NDArray[np.float64] = manifest.numbers("duration")
        self.shards: NDArray[np.int64] = manifest.numbers("shard")
        self.offsets: NDArray[np.int64] = manifest.numbers("offset")

    @cached_property
    def ids(self) -> Texts:
        """Unique names."""
        return self._manifest.texts("id")

    @cached_property
    def paths(self) -> Texts:
        """Audio files as in the source."""
        return np.array([decode_path(text) for text in self._manifest.texts("path")], object)

    @cached_property
    def splits(self) -> Texts:
        """Such as ``train``; empty if the source has no splits."""
        return self._manifest.texts("split")

    @cached_property
    def labels(self) -> tuple[tuple[str, ...], ...]:
        """The labels of each clip."""
        return self._manifest.labels()

    @cached_property
    def groups(self) -> Texts:
        """Groups that no split divides; empty if the source has none."""
        return self._manifest.texts("group")

    @cached_property
    def warnings(self) -> Texts:
        """Damage of each file; empty for intact ones."""
        return self._manifest.texts("warning")

    @cached_property
    def hashes(self) -> Texts:
        """SHA-256 of each file, in hexadecimal."""
        return self._manifest.texts("hash")

    def __len__(self) -> int:
        return len(self.lengths)

    @overload
    def __getitem__(self, i: int) -> StoredClip: ...
    @overload
    def __getitem__(self, i: slice) -> list[StoredClip]: ...
    def __getitem__(self, i: int | slice) -> StoredClip | list[StoredClip]:
        if isinstance(i, slice):
            return [self[k] for k in range(len(self))[i]]
        return StoredClip(
            self.ids[i],
            self.paths[i],
            self.splits[i],
            self.labels[i],
            self.groups[i],
            int(self.lengths[i]),
            float(self.durations[i]),
            self.warnings[i],
            self.hashes[i],
        )

    def __iter__(self) -> Iterator[StoredClip]:
        return (self[i] for i in range(len(self)))
