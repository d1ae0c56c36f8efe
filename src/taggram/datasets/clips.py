"""The clips of a packed store: columns for what runs over all of them, and one by one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, overload

import numpy as np

if TYPE_CHECKING:
    from jaxtyping import Float64, Int64

    from taggram.datasets.manifest import Manifest, Texts

__all__ = ["Clip", "Clips"]


@dataclass(frozen=True, slots=True)
class Clip:
    """One clip of a packed store.

    Attributes
    ----------
    id, path, split, labels, group
        As its source had them, see `Listed`.
    length
        In samples, at least 1.
    duration
        The same in seconds.
    warning
        What was wrong with its file when it was packed; empty for a sound one.
    hash
        SHA-256 of its file, in hexadecimal.
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


class Clips(Sequence[Clip]):
    """All clips of a store, in the order of its source, and what is known of them as columns.

    Numbers are read when the store is opened; a column of text when it, or a clip, is first asked for.

    Parameters
    ----------
    manifest
        Of the store.

    Attributes
    ----------
    lengths : (clips,) int64
        In samples.
    durations : (clips,) float64
        In seconds.
    shards : (clips,) int64
        Number of the shard that holds the clip.
    offsets : (clips,) int64
        Where it begins in there, in samples.
    """

    def __init__(self, manifest: Manifest) -> None:
        self._manifest = manifest
        self.lengths: Int64[np.ndarray, " clips"] = manifest.numbers("length")
        self.durations: Float64[np.ndarray, " clips"] = manifest.numbers("duration")
        self.shards: Int64[np.ndarray, " clips"] = manifest.numbers("shard")
        self.offsets: Int64[np.ndarray, " clips"] = manifest.numbers("offset")

    @cached_property
    def ids(self) -> Texts:
        """Names, unique in the store."""
        return self._manifest.texts("id")

    @cached_property
    def paths(self) -> Texts:
        """Files, as the source names them."""
        return self._manifest.texts("path")

    @cached_property
    def splits(self) -> Texts:
        """Such as ``train``; empty where the source has none."""
        return self._manifest.texts("split")

    @cached_property
    def labels(self) -> tuple[tuple[str, ...], ...]:
        """The labels of each clip."""
        return self._manifest.labels()

    @cached_property
    def groups(self) -> Texts:
        """What no split tears apart; empty where the source has none."""
        return self._manifest.texts("group")

    @cached_property
    def warnings(self) -> Texts:
        """What was wrong with each file; empty for sound ones."""
        return self._manifest.texts("warning")

    @cached_property
    def hashes(self) -> Texts:
        """SHA-256 of each file, in hexadecimal."""
        return self._manifest.texts("hash")

    def __len__(self) -> int:
        return len(self.lengths)

    @overload
    def __getitem__(self, i: int) -> Clip: ...
    @overload
    def __getitem__(self, i: slice) -> list[Clip]: ...
    def __getitem__(self, i: int | slice) -> Clip | list[Clip]:
        if isinstance(i, slice):
            return [self[k] for k in range(len(self))[i]]
        return Clip(
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

    def __iter__(self) -> Iterator[Clip]:
        return (self[i] for i in range(len(self)))
