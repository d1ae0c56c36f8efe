"""Pages of a file in the page cache: count and drop them."""

from __future__ import annotations

import ctypes
import mmap
import os
from pathlib import Path

import numpy as np

from benchmarks.measure import BenchmarkError


def drop(file: Path) -> None:
    """Drop a file from the page cache, so that it is read from disk; no process may have it mapped.

    Raises
    ------
    BenchmarkError
        If a page of it is still there.
    """
    with file.open("rb") as content:
        os.fsync(content.fileno())  # a page that is not on disk yet cannot be dropped
        os.posix_fadvise(content.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
    left = resident(file)
    if left:
        raise BenchmarkError(f"{left} pages of {file} stay in memory: let no process map it, and put it on a disk")


def resident(file: Path) -> int:
    """Count the pages of a file in memory with mincore(2)."""
    mapped = np.memmap(file, np.uint8, "r")
    pages = np.zeros(-(-mapped.size // mmap.PAGESIZE), np.uint8)
    address, length = ctypes.c_void_p(mapped.ctypes.data), ctypes.c_size_t(mapped.size)
    if ctypes.CDLL(None, use_errno=True).mincore(address, length, ctypes.c_void_p(pages.ctypes.data)):
        raise BenchmarkError(f"{file}: {os.strerror(ctypes.get_errno())}")
    return int((pages & 1).sum())
