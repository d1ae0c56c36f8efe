"""The settings for the CPU apply; benchmarks measure their effect."""

from __future__ import annotations

import os
import platform
import subprocess
import sys

import pytest

MAPPED = """
import ctypes, os, sys
{prepare}
class Info(ctypes.Structure):
    _fields_ = [(name, ctypes.c_size_t) for name in "arena ordblks smblks hblks a b c d e f".split()]
libc = ctypes.CDLL(None)
libc.mallinfo2.restype, libc.malloc.restype = Info, ctypes.c_void_p
before = libc.mallinfo2().hblks
libc.malloc(ctypes.c_size_t(64 << 20))
print(libc.mallinfo2().hblks - before, os.environ.get("OMP_WAIT_POLICY"), "torch" in sys.modules)
"""
PREPARE = "from taggram.training import prepare_cpu; prepare_cpu()"


def run(prepare: str, **environment: str) -> list[str]:
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("OMP", "MALLOC"))}
    program = [sys.executable, "-c", MAPPED.format(prepare=prepare)]
    done = subprocess.run(program, env={**kept, **environment}, capture_output=True, text=True, check=True)
    return done.stdout.split()


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="malloc is left alone elsewhere")
def test_large_blocks_come_from_the_heap_and_openmp_sleeps() -> None:
    assert run("") == ["1", "None", "False"]
    assert run(PREPARE) == ["0", "PASSIVE", "False"]


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="malloc is left alone elsewhere")
def test_the_environment_stands() -> None:
    settings = {"OMP_WAIT_POLICY": "ACTIVE", "MALLOC_MMAP_THRESHOLD_": "65536", "MALLOC_TRIM_THRESHOLD_": "65536"}
    assert run(PREPARE, **settings) == ["1", "ACTIVE", "False"]
