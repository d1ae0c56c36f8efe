"""Reading clips and random segments from the memory-mapped shards of a packed store."""

from __future__ import annotations

import os
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from taggram.audio import fill
from taggram.datasets.packed.clips import StoredClips
from taggram.datasets.packed.manifest import Manifest
from taggram.datasets.packed.shards import FULL_SCALE, SAMPLE, check_shards, shard_file
from taggram.errors import DatasetError

__all__ = ["PackedStore"]

STEP = np.float32(1 / FULL_SCALE)


class PackedStore:
    """A store written by `pack`.

    It can be pickled and opened in several processes, which share the memory of the shards.

    Parameters
    ----------
    folder
        Folder of the store.

    Attributes
    ----------
    folder : Path
        Folder of the store.
    clips : StoredClips
        Metadata of the clips.
    sample_rate : int
        In Hz.

    Raises
    ------
    DatasetError
        If the folder is no packed store, or one of another version, packed in part or damaged.

    Examples
    --------
    >>> import tempfile
    >>> from taggram.datasets import list_folder, pack
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     summary = pack(list_folder("examples"), folder, sample_rate=16000)
    ...     store = PackedStore(folder)
    ...     clip, samples = store.clips[0], store.read(0)
    >>> clip.id, samples.shape
    ('hungarian-dance.opus', (480000,))
    """

    def __init__(self, folder: str | os.PathLike[str]) -> None:
        self.folder = Path(folder)
        manifest = Manifest(self.folder)
        self.clips, self.sample_rate = StoredClips(manifest), manifest.sample_rate
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
    def _maps(self) -> dict[int, NDArray[np.int16]]:
        # Plain arrays, because slicing a memmap object takes longer than copying the segment.
        return {
            shard: np.memmap(shard_file(self.folder, shard), SAMPLE, "r").view(np.ndarray) for shard in self._shards
        }

    def select(self, *, split: str | None = None) -> NDArray[np.int64]:
        """Return the positions of clips, ascending.

        Parameters
        ----------
        split
            Select the clips of this split; None selects all.

        Returns
        -------
        (selected,) int64
            Positions in `clips`.

        Raises
        ------
        DatasetError
            If the store has no such split.
        """
        if split is None:
            return np.arange(len(self), dtype=np.int64)
        positions = np.flatnonzero(self.clips.splits == split).astype(np.int64)
        if not positions.size:
            has = ", ".join(sorted(set(self.clips.splits) - {""})) or "none"
            raise DatasetError(f"{self.folder} has no split {split!r}; it has {has}")
        return positions

    def read(self, i: int, start: int = 0, length: int | None = None) -> NDArray[np.float32]:
        """Read a clip or a part of it.

        Parameters
        ----------
        i
            Position of the clip.
        start
            First sample, at most the clip's length.
        length
            Maximum number of samples; None reads to the end of the clip.

        Returns
        -------
        (samples,) float32
            A copy; full scale is 1.0.

        Raises
        ------
        DatasetError
            If the part starts before or after the clip.
        """
        total = int(self.clips.lengths[i])
        if not 0 <= start <= total or (length is not None and length < 0):
            raise DatasetError(f"clip {self.clips.ids[i]!r} has {total} samples: cannot read {length} from {start}")
        begin = int(self.clips.offsets[i])
        end = begin + (total if length is None else min(total, start + length))
        return self._maps[int(self.clips.shards[i])][begin + start : end] * STEP

    def segments(
        self,
        clips: NDArray[np.int64],
        starts: NDArray[np.int64],
        length: int,
        out: NDArray[np.float32] | None = None,
    ) -> NDArray[np.float32]:
        """Read segments of one length.

        Parameters
        ----------
        clips : (count,) int64
            Positions of the clips.
        starts : (count,) int64
            First sample of each segment; 0 for a clip shorter than the segment, which is repeated to fill it.
        length
            Samples per segment, at least 1.
        out : (count, length) float32
            Array to write to; reusing one is faster than allocating a new one.

        Returns
        -------
        (count, length) float32
            `out`, or a new array; full scale is 1.0.

        Raises
        ------
        DatasetError
            If a segment starts before its clip or ends after it.
        """
        clips, starts = np.asarray(clips, np.int64), np.asarray(starts, np.int64)
        last = self._last_starts(clips, length)
        if starts.shape != clips.shape or np.any((starts < 0) | (starts > last)):
            raise DatasetError(f"segments of {length} samples cannot start there: choose starts inside the clips")
        if out is None:
            out = np.empty((clips.size, length), np.float32)
        begins = self.clips.offsets[clips] + starts
        ends = begins + np.minimum(self.clips.lengths[clips], length)
        maps = self._maps
        # Row by row, so that a row is still in the CPU cache when it is scaled.
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
        indices: NDArray[np.int64],
        length: int,
        count: int,
        rng: np.random.Generator,
        out: NDArray[np.float32] | None = None,
    ) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
        """Draw clips at random, and a random segment of each.

        Clips are drawn uniformly with replacement, and so are the possible starts in a clip; see `segments`.

        Parameters
        ----------
        indices : (clips,) int64
            Positions of the clips to draw from.
        length
            Samples per segment, at least 1.
        count
            Number of segments.
        rng
            Random generator; the same state gives the same segments.
        out : (count, length) float32
            Array to write to, see `segments`.

        Returns
        -------
        segments : (count, length) float32
            Full scale is 1.0.
        clips : (count,) int64
            Position of the clip of each segment.

        Raises
        ------
        DatasetError
            If `indices` is empty.
        """
        indices = np.asarray(indices, np.int64)
        if not indices.size:
            raise DatasetError("no clips to draw segments from: select some")
        clips = indices[rng.integers(indices.size, size=count)]
        starts = rng.integers(self._last_starts(clips, length) + 1)
        return self.segments(clips, starts, length, out), clips

    def _last_starts(self, clips: NDArray[np.int64], length: int) -> NDArray[np.int64]:
        """Return the last possible start of a segment in each clip, in samples."""
        if length < 1:
            raise DatasetError(f"a segment must have at least 1 sample, not {length}")
        last: NDArray[np.int64] = np.maximum(self.clips.lengths[clips] - length, 0)
        return last
