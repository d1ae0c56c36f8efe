"""Running and timing: programs from outside, and loops in child processes that stay warm."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Self, TypeVar

T = TypeVar("T")

PROJECT = Path(__file__).resolve().parents[1]
PROGRAM = str(Path(sys.executable).with_name("taggram"))

# One thread per process, as the targets have it. TensorFlow is kept from talking, and from a GPU.
ENVIRONMENT = {
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "TF_CPP_MIN_LOG_LEVEL": "3",
    "CUDA_VISIBLE_DEVICES": "-1",
}


class BenchmarkError(Exception):
    """A measurement that failed; the message has the reason."""


@dataclass(frozen=True)
class Usage:
    """Time and memory of a program from start to end.

    Attributes
    ----------
    wall, cpu
        In seconds; `cpu` is user and system time of the program and of the processes that it started.
    peak
        Resident memory of its largest process at its highest, in MiB.
    """

    wall: float
    cpu: float
    peak: float


def run_program(command: list[str]) -> Usage:
    """Run a program from start to end, and discard its output; `launch.py` measures it.

    Raises
    ------
    BenchmarkError
        If it fails.
    """
    launcher = [sys.executable, "-I", "-S", str(PROJECT / "benchmarks" / "launch.py")]
    done = subprocess.run([*launcher, *command], capture_output=True, text=True, env=_environment(), cwd=PROJECT)
    figures = json.loads(done.stdout or '{"code": "none"}')
    if figures.pop("code") != 0:
        raise BenchmarkError(f"{' '.join(command)} failed:\n{done.stderr.strip()}")
    return Usage(**figures)


class Loop:
    """A child process that does the same work at each call, and returns the result.

    Parameters
    ----------
    module
        Of this package, ending in `serve`.
    arguments
        Its arguments.
    python
        The interpreter.
    one_core
        Whether to keep it on one core, so that one thread means one thread whatever libraries make of their settings.
    """

    def __init__(self, module: str, *arguments: str, python: str = sys.executable, one_core: bool = False) -> None:
        self.command = [python, "-m", f"benchmarks.{module}", *arguments]
        self._one_core = one_core

    def __enter__(self) -> Self:
        pipe, before = subprocess.PIPE, partial(os.sched_setaffinity, 0, [max(os.sched_getaffinity(0))])
        self._process = subprocess.Popen(
            self.command,
            stdin=pipe,
            stdout=pipe,
            text=True,
            env=_environment(),
            cwd=PROJECT,
            preexec_fn=before if self._one_core else None,
        )
        return self

    def __call__(self) -> float:
        """Do the work once; returns what it returns."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        with contextlib.suppress(BrokenPipeError):
            print(file=self._process.stdin, flush=True)
        answer = self._process.stdout.readline()
        if not answer:
            raise BenchmarkError(f"{' '.join(self.command)} failed, see above")
        return float(answer)

    def __exit__(self, *_: object) -> None:
        with contextlib.suppress(BrokenPipeError):
            self._process.communicate()


def programs(commands: Mapping[str, list[str]], runs: int, *, warm_up: bool = True) -> dict[str, list[Usage]]:
    """Run programs several times, see `interleaved`."""
    return interleaved({name: partial(run_program, command) for name, command in commands.items()}, runs, warm_up)


def loops(commands: Mapping[str, Loop], runs: int) -> dict[str, list[float]]:
    """Start loops, and call each several times, see `interleaved`."""
    with contextlib.ExitStack() as stack:
        return interleaved({name: stack.enter_context(loop) for name, loop in commands.items()}, runs, warm_up=True)


def interleaved(subjects: Mapping[str, Callable[[], T]], runs: int, warm_up: bool) -> dict[str, list[T]]:
    """Call each subject several times, in turn (A B A B), so that load on the machine affects all of them.

    Parameters
    ----------
    subjects
        Functions to call, by name.
    runs
        Number of rounds.
    warm_up
        Whether to run an additional first round, which is not counted.
    """
    found: dict[str, list[T]] = {name: [] for name in subjects}
    for number in range(-warm_up, runs):
        for name, call in subjects.items():
            value = call()
            if number >= 0:
                found[name].append(value)
    return found


def serve(work: Callable[[], float]) -> None:
    """Do the work once for each line on standard input, as `Loop` asks."""
    for _ in sys.stdin:
        print(work(), flush=True)


def timed(task: Callable[[], object]) -> Callable[[], float]:
    """Turn a task into one that returns how many seconds it took."""

    def work() -> float:
        began = time.perf_counter()
        task()
        return time.perf_counter() - began

    return work


def repeated(task: Callable[[], object]) -> Callable[[], float]:
    """Turn a task that comes thousands of times into one that returns its mean time over a second, or over one run."""

    def work() -> float:
        times, began, taken = 0, time.perf_counter(), 0.0
        while taken < 1:
            task()
            times, taken = times + 1, time.perf_counter() - began
        return taken / times

    return work


def _environment() -> dict[str, str]:
    return {**os.environ, **ENVIRONMENT}
