"""Settings that make torch fast on a CPU.

- Idle OpenMP threads spin by default. Where anything else wants a core, that multiplies the time of a step; with
  ``OMP_WAIT_POLICY=PASSIVE`` they sleep.
- glibc maps each large block of memory afresh and hands it back when it is freed, so that every operation of a network
  pays for the page faults of its output. With the two thresholds below, blocks are kept and used again. The price is
  that the process does not give back memory.

Both must be set before torch is loaded, so this file does not load it. What makes a network itself fast is in
the folder `cpu`.
"""

from __future__ import annotations

import ctypes
import os
import platform
import sys

from taggram._system import cpu_count

# From glibc's malloc.h.
_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD = -1, -3
_MMAP_THRESHOLD, _NEVER_TRIM = (1 << 31) - 1, -1  # bytes; the first is the highest that mallopt takes


def prepare_cpu() -> None:
    """Set up OpenMP and malloc for training; call it before torch is imported.

    What the user has set in the environment stands. Where the C library is not glibc, malloc is left alone.
    """
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    if sys.platform == "linux" and platform.libc_ver()[0] == "glibc":
        mallopt = ctypes.CDLL(None).mallopt
        if "MALLOC_MMAP_THRESHOLD_" not in os.environ:
            mallopt(_M_MMAP_THRESHOLD, _MMAP_THRESHOLD)
        if "MALLOC_TRIM_THRESHOLD_" not in os.environ:
            mallopt(_M_TRIM_THRESHOLD, _NEVER_TRIM)


def set_threads(threads: int | None = None) -> int:
    """Set how many threads torch computes with.

    Parameters
    ----------
    threads
        How many; None: as many as there are cores for this process.

    Returns
    -------
    int
        How many it are now.
    """
    import torch

    torch.set_num_threads(threads or cpu_count())
    return torch.get_num_threads()
