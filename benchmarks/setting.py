"""Settings of all groups of measurements."""

from __future__ import annotations

import fnmatch
import subprocess
from collections.abc import Iterable
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
    """Settings of all groups of measurements.

    Parameters
    ----------
    material
        The audio.
    runs
        Number of runs of each measurement.
    peer
        Library to compare with, if it is installed.
    data
        Folder with mer4q, if it exists.
    architectures
        Shell-style pattern of the architectures to measure.
    """

    material: Material
    runs: int = 5
    peer: Peer | None = None
    data: Path | None = None
    architectures: str = "*"

    def chosen(self, names: Iterable[str]) -> list[str]:
        """Return the architectures that are measured.

        Raises
        ------
        BenchmarkError
            If there are none.
        """
        found = fnmatch.filter(names, self.architectures)
        if not found:
            raise BenchmarkError(f"no architecture here is named {self.architectures!r}; there are: {', '.join(names)}")
        return found


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
        raise BenchmarkError(f"{python} has no musicnn library; see benchmarks/peers.md")
    return Peer(python, done.stdout.strip())
