"""Functions of the operating system that not every system has, each with a fallback.

No other file of taggram imports a module, or calls a function, that is missing on some supported system.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO

__all__ = [
    "MAX_PROCESSES",
    "block_interrupts",
    "cpu_count",
    "limit_memory",
    "lock_file",
    "seek_function",
    "sync_folder",
]

# How many processes `multiprocessing.connection.wait` can wait for: Windows waits for 63 handles at most.
MAX_PROCESSES = 60 if sys.platform == "win32" else 1 << 16


def cpu_count() -> int:
    """Count the processors that this process may use."""
    if hasattr(os, "process_cpu_count"):  # from Python 3.13 on
        return os.process_cpu_count() or 1
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def sync_folder(folder: Path) -> None:
    """Return when the names of new files in a folder are on disk."""
    try:
        descriptor = os.open(folder, os.O_RDONLY)
    except PermissionError:  # Windows opens no folders; its file system keeps a journal of names
        return
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def seek_function() -> Callable[[int, int, int], int]:
    """Return a function like `os.lseek` that returns -1 where that raises.

    It is the C library's own where that can be loaded: no Python code runs in it, so no interrupt can arrive in it.
    """
    import ctypes

    try:
        lseek = ctypes.CDLL(None).lseek
    except (OSError, TypeError, AttributeError):
        return _seek
    lseek.argtypes, lseek.restype = (ctypes.c_int, ctypes.c_int64, ctypes.c_int), ctypes.c_int64
    return lseek


def _seek(descriptor: int, offset: int, whence: int) -> int:
    try:
        return os.lseek(descriptor, offset, whence)
    except (OSError, OverflowError):
        return -1


def limit_memory(size: int) -> None:
    """Let this process allocate at most so many bytes of data, where the system can."""
    try:
        import resource
    except ImportError:
        return
    hard = resource.getrlimit(resource.RLIMIT_DATA)[1]
    limit = size if hard == resource.RLIM_INFINITY else min(size, hard)
    resource.setrlimit(resource.RLIMIT_DATA, (limit, hard))


def lock_file(file: Path) -> IO[bytes] | None:
    """Create a file and lock it until it is closed or the process ends; None if another process has locked it."""
    stream = file.open("ab")
    try:
        if sys.platform == "win32":
            import msvcrt

            msvcrt.locking(stream.fileno(), msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        stream.close()
        return None
    return stream


@contextlib.contextmanager
def block_interrupts() -> Iterator[None]:
    """Hold Ctrl-C back until the end of the block; processes started in it never receive it, where the system can."""
    if sys.platform == "win32" or not hasattr(signal, "pthread_sigmask"):
        yield
        return
    from multiprocessing import resource_tracker

    resource_tracker.ensure_running()  # else the first process starts it, and that unblocks interrupts
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)
