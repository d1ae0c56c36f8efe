"""Tagging in several processes, each with a model of its own.

A process that dies, as a decoder may on a malicious file, takes only its own file with it: every worker has a pipe of
its own, so it is known which file that was, and a new worker takes its place.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import signal
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from typing import TYPE_CHECKING, Any

from taggram.errors import TaggramError
from taggram.tagging.tagged import Tagged, tag_one

if TYPE_CHECKING:
    from multiprocessing.context import SpawnProcess

    from taggram.tagging.tagger import Tagger

AHEAD = 4  # paths read ahead of the oldest unfinished one, per worker


def _work(build: Callable[[], Tagger], part: dict[str, Any], pipe: Connection) -> None:
    """Tag what comes through the pipe until it is closed."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent handles it, and then closes the pipe
    tagger = build()
    with contextlib.suppress(EOFError, BrokenPipeError):
        while True:
            pipe.send(tag_one(tagger, pipe.recv(), part))


@dataclass
class _Worker:
    process: SpawnProcess
    pipe: Connection
    job: tuple[int, str] | None = None


class _Pool:
    def __init__(self, build: Callable[[], Tagger], part: dict[str, Any], size: int) -> None:
        self._arguments = build, part
        self._context = multiprocessing.get_context("spawn")
        self.workers: list[_Worker] = []
        for _ in range(size):
            self._start()

    def _start(self) -> None:
        ours, theirs = self._context.Pipe()
        process = self._context.Process(target=_work, args=(*self._arguments, theirs), daemon=True)
        process.start()
        theirs.close()
        self.workers.append(_Worker(process, ours))

    def give(self, worker: _Worker, job: tuple[int, str]) -> None:
        worker.job = job
        with contextlib.suppress(BrokenPipeError):  # it has died meanwhile, which `results` will find
            worker.pipe.send(job[1])

    def results(self) -> Iterator[tuple[int, Tagged]]:
        """Wait for at least one worker to be done, or to be found dead."""
        for pipe in wait([worker.pipe for worker in self.workers if worker.job]):
            worker = next(worker for worker in self.workers if worker.pipe is pipe)
            assert worker.job is not None
            number, path = worker.job
            try:
                tagged = worker.pipe.recv()
                worker.job = None
            except (EOFError, ConnectionResetError):
                worker.process.join()
                self.workers.remove(worker)
                worker.pipe.close()
                self._start()
                reason = f"the process that read it died (exit code {worker.process.exitcode})"
                tagged = Tagged(path, error=TaggramError(f"{path}: {reason}; is the file sound?"))
            yield number, tagged

    def stop(self) -> None:
        for worker in self.workers:
            worker.pipe.close()
            if worker.job:
                worker.process.terminate()
        for worker in self.workers:
            worker.process.join()


def tag_in_processes(
    build: Callable[[], Tagger], part: dict[str, Any], paths: Iterator[str], workers: int, ordered: bool
) -> Iterator[Tagged]:
    """Tag files in worker processes; see `Tagger.tag_many`.

    Parameters
    ----------
    build
        Makes the `Tagger` of a worker, in the worker.
    part
        ``start`` and ``duration``.
    paths
        The files.
    workers
        Number of processes.
    ordered
        Whether to hold results back until their turn has come.
    """
    jobs = enumerate(paths)
    done: dict[int, Tagged] = {}
    turn = given = finished = 0
    more = True
    pool = _Pool(build, part, workers)
    try:
        while more or finished < given:
            for worker in pool.workers:
                if worker.job is None and more and given - turn < AHEAD * workers:
                    job = next(jobs, None)
                    if job is None:
                        more = False
                    else:
                        pool.give(worker, job)
                        given += 1
            if finished == given:
                continue
            for number, tagged in pool.results():
                finished += 1
                done[number] = tagged
            while ordered and turn in done:
                yield done.pop(turn)
                turn += 1
            if not ordered:
                yield from done.values()
                turn += len(done)
                done.clear()
    finally:
        pool.stop()
