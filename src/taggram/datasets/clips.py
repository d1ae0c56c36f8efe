"""The clips of a packed store: columns for what runs over all of them, and one by one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, overload

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from jaxtyping import Int64

__all__ = ["Clip", "Clips"]

Texts = npt.NDArray[np.object_]


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


@dataclass(frozen=True, eq=False)
class Clips(Sequence[Clip]):
    """All clips of a store, in the order of its source; each attribute is a column.

    Attributes
    ----------
    ids, paths, splits, groups, warnings, hashes : (clips,) object
        Text, empty where there is nothing to say.
    labels : tuple of tuples
        The labels of each clip.
    lengths : (clips,) int64
        In samples.
    durations : (clips,) float64
        In seconds.
    shards : (clips,) int64
        Number of the shard that holds the clip.
    offsets : (clips,) int64
        Where it begins in there, in samples.
    """

    ids: Texts
    paths: Texts
    splits: Texts
    labels: tuple[tuple[str, ...], ...]
    groups: Texts
    lengths: Int64[np.ndarray, " clips"]
    durations: npt.NDArray[np.float64]
    warnings: Texts
    hashes: Texts
    shards: Int64[np.ndarray, " clips"]
    offsets: Int64[np.ndarray, " clips"]

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
