"""What all groups of figures are given."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from pathlib import Path

from benchmarks.material import Material
from benchmarks.measure import PROJECT, BenchmarkError

_VERSIONS = """
from importlib import metadata
print("musicnn", metadata.version("musicnn"), "(TensorFlow", metadata.version("tensorflow-cpu") + ")")
"""


@dataclass(frozen=True)
class Peer:
    """The musicnn library, in an environment of its own.

    Parameters
    ----------
    python
        Its interpreter.
    name
        With versions.
    """

    python: str
    name: str


@dataclass(frozen=True)
class Setting:
    """What all groups of figures are given.

    Parameters
    ----------
    material
        The audio.
    runs
        How often each figure is taken.
    peer
        To compare with, if it is there.
    data
        Folder with mer4q, if it is there.
    """

    material: Material
    runs: int = 5
    peer: Peer | None = None
    data: Path | None = None


def find_peer(python: str) -> Peer:
    """Ask an interpreter for the musicnn library.

    Raises
    ------
    BenchmarkError
        If it has none.
    """
    try:
        done = subprocess.run([python, "-c", _VERSIONS], capture_output=True, text=True, cwd=PROJECT)
    except OSError as error:
        raise BenchmarkError(f"{python}: {error.strerror}") from error
    if done.returncode:
        raise BenchmarkError(f"{python} has no musicnn library; benchmarks/peers.md says how to install it")
    return Peer(python, done.stdout.strip())
