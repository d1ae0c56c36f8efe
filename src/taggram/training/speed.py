"""Process-wide settings for fast training on a CPU.

- Idle OpenMP threads spin by default. Where another program needs a core, that multiplies the time of a step; with
  ``OMP_WAIT_POLICY=PASSIVE`` they sleep.
- glibc maps each large block of memory anew and returns it to the system when it is freed, so that every operation of a
  network pays for the page faults of its output. With the two thresholds below, blocks are reused. In return the
  process does not give back memory.

Both must be set before torch is loaded, so this file does not load it at import. The kernels for CPUs are in
the folder `cpu`.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import platform
import sys
from collections.abc import Iterator

from taggram._system import cpu_count

# From glibc's malloc.h.
_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD = -1, -3
_MMAP_THRESHOLD, _NEVER_TRIM = (1 << 31) - 1, -1  # bytes; the first is the highest that mallopt takes


def prepare_cpu() -> None:
    """Set up OpenMP and malloc for training; call it before torch is imported.

    Variables that are set in the environment take precedence. Where the C library is not glibc, malloc is unchanged.
    """
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    if sys.platform == "linux" and platform.libc_ver()[0] == "glibc":
        mallopt = ctypes.CDLL(None).mallopt
        if "MALLOC_MMAP_THRESHOLD_" not in os.environ:
            mallopt(_M_MMAP_THRESHOLD, _MMAP_THRESHOLD)
        if "MALLOC_TRIM_THRESHOLD_" not in os.environ:
            mallopt(_M_TRIM_THRESHOLD, _NEVER_TRIM)


@contextlib.contextmanager
def cpu_threads(threads: int | None = None) -> Iterator[None]:
    """Set the number of torch's CPU threads inside the block.

    Parameters
    ----------
    threads
        Number of threads; None: the number of cores.
    """
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(threads or cpu_count())
    try:
        yield
    finally:
        torch.set_num_threads(before)
