"""The shards of a store: append-only files of little-endian int16 samples, clip after clip."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from threading import RLock
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from taggram._system import sync_folder
from taggram.datasets.packed.journal import Entry
from taggram.errors import DatasetError

__all__ = ["FULL_SCALE", "SAMPLE", "ShardWriter", "check_shards", "shard_file", "to_int16"]

SAMPLE = np.dtype("<i2")
FULL_SCALE = 32768  # int16 value of 1.0


def shard_file(folder: Path, shard: int) -> Path:
    """Return the path of a shard."""
    return folder / f"shard-{shard:05}.pcm"


def to_int16(samples: NDArray[np.float32]) -> NDArray[np.int16]:
    """Quantize samples to int16 in steps of 1/32768; samples beyond full scale are clipped.

    Examples
    --------
    >>> to_int16(np.array([0.5, -1.0, 1.2], dtype=np.float32))
    array([ 16384, -32768,  32767], dtype=int16)
    """
    scaled = np.rint(samples * np.float32(FULL_SCALE))
    steps: NDArray[np.int16] = np.clip(scaled, -FULL_SCALE, FULL_SCALE - 1).astype(SAMPLE)
    return steps


def check_shards(folder: Path, ends: dict[int, int]) -> None:
    """Check that the shards of a store are complete.

    Parameters
    ----------
    folder
        Folder of the store.
    ends
        Minimum number of samples of each shard.

    Raises
    ------
    DatasetError
        If one is missing or too short.
    """
    for shard, end in ends.items():
        file = shard_file(folder, shard)
        try:
            size = file.stat().st_size
        except OSError:
            size = -1
        if size < end * SAMPLE.itemsize:
            state = "missing" if size < 0 else "truncated"
            raise DatasetError(f"{file} is {state}: the store is damaged, pack into another folder")


class ShardWriter:
    """Appends clips to the last shard of a store, and starts a new one when it is full.

    On opening, samples without a journal entry are removed. One thread may `add` while another waits in `sync`.

    Parameters
    ----------
    folder
        Folder of the store.
    entries
        All entries of the journal.
    limit
        Maximum samples of a shard; a longer clip gets a shard of its own.
    """

    def __init__(self, folder: Path, entries: Iterable[Entry], limit: int) -> None:
        self._folder, self._limit, self._lock = folder, limit, RLock()
        ends: dict[int, int] = {}
        for entry in entries:
            ends[entry.shard] = max(ends.get(entry.shard, 0), entry.offset + entry.length)
        check_shards(folder, ends)
        self._shard = max(ends, default=0)
        self._end = ends.get(self._shard, 0)
        self._file = self._open()
        self._file.truncate(self._end * SAMPLE.itemsize)
        last = shard_file(folder, self._shard)
        for later in [file for file in folder.glob("shard-*.pcm") if file.name > last.name]:
            later.unlink()

    def add(self, samples: NDArray[np.int16]) -> tuple[int, int]:
        """Write a clip and return its shard and offset; it is on disk after `sync`."""
        if self._end and self._end + samples.size > self._limit:
            with self._lock:
                self.close()
                self._shard, self._end = self._shard + 1, 0
                self._file = self._open()
        self._file.write(np.ascontiguousarray(samples, SAMPLE).data)
        offset, self._end = self._end, self._end + samples.size
        return self._shard, offset

    def sync(self) -> None:
        """Flush all added samples to disk."""
        with self._lock:
            self._file.flush()
            os.fsync(self._file.fileno())

    def close(self) -> None:
        """Sync and close."""
        try:
            self.sync()
        finally:
            self._file.close()

    def _open(self) -> BinaryIO:
        file = shard_file(self._folder, self._shard).open("ab")
        sync_folder(self._folder)
        return file
