"""A task for each of many files, in several processes; one that dies takes only its own file with it."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import pickle
import signal
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, TypeVar

import numpy as np

if TYPE_CHECKING:
    from multiprocessing.context import SpawnProcess

__all__ = ["for_each"]

AHEAD = 4  # files taken on ahead of the oldest unfinished one, per worker: what bounds the memory

T = TypeVar("T")


def for_each(files: Sequence[Path], task: Callable[[Path], T], workers: int, died: Callable[[str], T]) -> Iterator[T]:
    """Yield what a task makes of files, in their order.

    Parameters
    ----------
    files
        What to work on.
    task
        Must not raise; with several workers it and what it returns must be picklable.
    workers
        Number of processes; with 1 it is this one.
    died
        Makes a result of the line that says that the process of a file died.
    """
    workers = min(workers, len(files))
    if workers <= 1:
        return map(task, files)
    return _in_processes(files, task, workers, died)


def _work(task: Callable[[Path], Any], pipe: Connection) -> None:
    """Work on what comes through the pipe until it is closed."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent handles it, and then closes the pipe
    with contextlib.suppress(EOFError, ConnectionError):
        while True:
            _send(pipe, task(pipe.recv()))


def _send(pipe: Connection, value: object) -> None:
    """Send a value; arrays in it go as they lie in memory, without being copied into a pickle first."""
    arrays: list[pickle.PickleBuffer] = []
    rest = pickle.dumps(value, protocol=5, buffer_callback=arrays.append)
    views = [array.raw() for array in arrays]
    pipe.send((rest, [view.nbytes for view in views]))
    for view in views:
        while view:
            view = view[os.write(pipe.fileno(), view) :]


def _receive(pipe: Connection) -> Any:
    """Receive what `_send` sent."""
    rest, sizes = pipe.recv()
    arrays = [np.empty(size, np.uint8) for size in sizes]
    for array in arrays:
        view = array.data
        while view:
            if not (got := os.readv(pipe.fileno(), [view])):
                raise EOFError
            view = view[got:]
    return pickle.loads(rest, buffers=arrays)  # noqa: S301 - from a process of our own


@dataclass
class _Worker:
    process: SpawnProcess
    pipe: Connection
    job: int | None = None


class _Pool(Generic[T]):
    def __init__(self, task: Callable[[Path], T], size: int, died: Callable[[str], T]) -> None:
        self._task, self._died = task, died
        self._context = multiprocessing.get_context("spawn")
        self.workers = [self._started() for _ in range(size)]

    def _started(self) -> _Worker:
        ours, theirs = self._context.Pipe()
        process = self._context.Process(target=_work, args=(self._task, theirs), daemon=True)
        process.start()
        theirs.close()
        return _Worker(process, ours)

    def give(self, worker: _Worker, job: int, file: Path) -> None:
        worker.job = job
        with contextlib.suppress(BrokenPipeError):  # it has died meanwhile, which `results` will find
            worker.pipe.send(file)

    def results(self, files: Sequence[Path]) -> Iterator[tuple[int, T]]:
        """Wait for at least one worker to be done, or to be found dead."""
        ready = wait([worker.pipe for worker in self.workers if worker.job is not None])
        for place, worker in enumerate(self.workers):
            if worker.job is None or worker.pipe not in ready:
                continue
            job, worker.job = worker.job, None
            try:
                yield job, _receive(worker.pipe)
            except (EOFError, ConnectionError):
                worker.process.join()
                worker.pipe.close()
                self.workers[place] = self._started()
                reason = f"the process that read it died (exit code {worker.process.exitcode}); is the file sound?"
                yield job, self._died(f"{os.fspath(files[job])}: {reason}")

    def stop(self) -> None:
        for worker in self.workers:
            worker.pipe.close()
            if worker.job is not None:
                worker.process.terminate()
        for worker in self.workers:
            worker.process.join()


def _in_processes(
    files: Sequence[Path], task: Callable[[Path], T], workers: int, died: Callable[[str], T]
) -> Iterator[T]:
    done: dict[int, T] = {}
    given = turn = 0
    pool = _Pool(task, workers, died)
    try:
        while turn < len(files):
            for worker in pool.workers:
                if worker.job is None and given < min(len(files), turn + AHEAD * workers):
                    pool.give(worker, given, files[given])
                    given += 1
            done.update(pool.results(files))
            while turn in done:
                yield done.pop(turn)
                turn += 1
    finally:
        pool.stop()
