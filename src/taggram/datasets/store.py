"""Reading a packed store: clips and random segments, straight from memory-mapped shards."""

from __future__ import annotations

import os
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from taggram.audio import fill
from taggram.datasets.clips import Clips
from taggram.datasets.manifest import Manifest
from taggram.datasets.shards import FULL_SCALE, SAMPLE, check_shards, shard_file
from taggram.errors import DatasetError

if TYPE_CHECKING:
    from jaxtyping import Float32, Int64

__all__ = ["PackedStore"]

STEP = np.float32(1 / FULL_SCALE)


class PackedStore:
    """A store that `pack` made.

    It can be pickled and opened in several processes; they share the memory of the shards.

    Parameters
    ----------
    folder
        Where it lies.

    Attributes
    ----------
    folder : Path
        Where it lies.
    clips : Clips
        What is known of each clip.
    sample_rate : int
        In Hz.

    Raises
    ------
    DatasetError
        If it is no packed store, of another version, not packed to its end, or damaged.
    """

    def __init__(self, folder: str | os.PathLike[str]) -> None:
        self.folder = Path(folder)
        manifest = Manifest(self.folder)
        self.clips, self.sample_rate = Clips(manifest), manifest.sample_rate
        shards, of_clips = np.unique(self.clips.shards, return_inverse=True)
        ends = np.zeros(len(shards), np.int64)
        np.maximum.at(ends, of_clips, self.clips.offsets + self.clips.lengths)
        self._shards = shards.tolist()
        check_shards(self.folder, dict(zip(self._shards, ends.tolist(), strict=True)))

    def __reduce__(self) -> tuple[type[PackedStore], tuple[Path]]:
        return type(self), (self.folder,)

    def __len__(self) -> int:
        return len(self.clips)

    @cached_property
    def _maps(self) -> dict[int, npt.NDArray[np.int16]]:
        # As plain arrays: slicing a memmap object takes longer than copying the segment.
        return {
            shard: np.memmap(shard_file(self.folder, shard), SAMPLE, "r").view(np.ndarray) for shard in self._shards
        }

    def select(self, *, split: str | None = None) -> Int64[np.ndarray, " selected"]:
        """Return the positions of clips, ascending.

        Parameters
        ----------
        split
            Only the clips of this split; None is all.

        Raises
        ------
        DatasetError
            If the store has no such split.
        """
        if split is None:
            return np.arange(len(self), dtype=np.int64)
        found = np.flatnonzero(self.clips.splits == split).astype(np.int64)
        if not found.size:
            has = ", ".join(sorted(set(self.clips.splits) - {""})) or "none"
            raise DatasetError(f"{self.folder} has no split {split!r}; it has {has}")
        return found

    def read(self, i: int, start: int = 0, length: int | None = None) -> Float32[np.ndarray, " samples"]:
        """Read a clip, or a stretch of it.

        Parameters
        ----------
        i
            Position of the clip.
        start
            First sample, at most the clip's length.
        length
            Samples to read at most; None is all. Fewer are given where the clip ends.

        Returns
        -------
        (samples,) float32
            A copy; full scale is 1.0.
        """
        has = int(self.clips.lengths[i])
        if not 0 <= start <= has or (length is not None and length < 0):
            raise DatasetError(f"clip {self.clips.ids[i]!r} has {has} samples: {length} from {start} on cannot be read")
        begin = int(self.clips.offsets[i])
        end = begin + (has if length is None else min(has, start + length))
        return self._maps[int(self.clips.shards[i])][begin + start : end] * STEP

    def segments(
        self,
        clips: Int64[np.ndarray, " count"],
        starts: Int64[np.ndarray, " count"],
        length: int,
        out: Float32[np.ndarray, "count length"] | None = None,
    ) -> Float32[np.ndarray, "count length"]:
        """Read segments of one length.

        Parameters
        ----------
        clips : (count,) int64
            Positions of the clips.
        starts : (count,) int64
            First sample of each segment; 0 in a clip that is shorter than the segment, which is repeated to fill it.
        length
            Of all segments, in samples, at least 1.
        out : (count, length) float32
            Where to write; filling the same array again is faster than making a new one.

        Returns
        -------
        (count, length) float32
            `out`, or a new array; full scale is 1.0.

        Raises
        ------
        DatasetError
            If a segment would begin before its clip or end after it.
        """
        clips, starts = np.asarray(clips, np.int64), np.asarray(starts, np.int64)
        room = self._room(clips, length)
        if starts.shape != clips.shape or np.any((starts < 0) | (starts > room)):
            raise DatasetError(f"segments of {length} samples cannot begin there: give each a start inside its clip")
        if out is None:
            out = np.empty((clips.size, length), np.float32)
        begins = self.clips.offsets[clips] + starts
        ends = begins + np.minimum(self.clips.lengths[clips], length)
        maps = self._maps
        # Row by row, so that a row is still in the cache when it is scaled.
        for row, shard, begin, end in zip(
            out, self.clips.shards[clips].tolist(), begins.tolist(), ends.tolist(), strict=True
        ):
            if end - begin == length:
                row[:] = maps[shard][begin:end]
            else:
                row[:] = fill(maps[shard][begin:end].astype(np.float32), length)
            row *= STEP
        return out

    def random_segments(
        self,
        indices: Int64[np.ndarray, " clips"],
        length: int,
        count: int,
        rng: np.random.Generator,
        out: Float32[np.ndarray, "count length"] | None = None,
    ) -> tuple[Float32[np.ndarray, "count length"], Int64[np.ndarray, " count"]]:
        """Draw clips at random, and a segment at random in each.

        Each clip is equally likely, and so is each place in it that a segment fits in; see `segments`.

        Parameters
        ----------
        indices : (clips,) int64
            Positions of the clips to draw from, with replacement.
        length
            Of a segment, in samples, at least 1.
        count
            How many segments.
        rng
            What draws; the same state gives the same segments.
        out : (count, length) float32
            Where to write, see `segments`.

        Returns
        -------
        segments : (count, length) float32
            Full scale is 1.0.
        clips : (count,) int64
            Position of the clip that each is from.

        Raises
        ------
        DatasetError
            If there is no clip to draw from.
        """
        indices = np.asarray(indices, np.int64)
        if not indices.size:
            raise DatasetError("there are no clips to draw segments from: select some")
        clips = indices[rng.integers(indices.size, size=count)]
        starts = rng.integers(self._room(clips, length) + 1)
        return self.segments(clips, starts, length, out), clips

    def _room(self, clips: Int64[np.ndarray, " count"], length: int) -> Int64[np.ndarray, " count"]:
        """How far a segment can move in each clip, in samples."""
        if length < 1:
            raise DatasetError(f"a segment must have at least 1 sample, not {length}")
        room: npt.NDArray[np.int64] = np.maximum(self.clips.lengths[clips] - length, 0)
        return room
