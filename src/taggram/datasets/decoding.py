"""Files to int16 samples, in this process or in several; a process that dies takes only its own file with it."""

from __future__ import annotations

import contextlib
import hashlib
import multiprocessing
import os
import signal
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from taggram.audio import AudioStream
from taggram.datasets.shards import to_int16
from taggram.errors import TaggramError

if TYPE_CHECKING:
    from multiprocessing.context import SpawnProcess

AHEAD = 4  # files decoded ahead of the oldest unfinished one, per worker: what bounds the memory


@dataclass(frozen=True)
class Decoded:
    """What became of a file.

    Attributes
    ----------
    hash, size, mtime_ns
        The file's SHA-256, bytes and time of change.
    samples : (samples,) int16
        Its audio; None if the hash was known already, or the file failed.
    warning
        What was wrong with it.
    error
        Why it could not be decoded; empty if it could.
    """

    hash: str = ""
    size: int = 0
    mtime_ns: int = 0
    samples: npt.NDArray[np.int16] | None = None
    warning: str = ""
    error: str = ""


def decode(file: Path, sample_rate: int, known: Collection[str]) -> Decoded:
    """Decode a file whose hash is not known yet; whatever goes wrong becomes its error."""
    try:
        with AudioStream(file, sample_rate) as stream:
            status = file.stat()
            with file.open("rb") as content:
                digest = hashlib.file_digest(content, "sha256").hexdigest()
            samples = None if digest in known else np.concatenate([to_int16(block) for block in stream])
        return Decoded(digest, status.st_size, status.st_mtime_ns, samples, "; ".join(stream.warnings))
    except TaggramError as error:
        return Decoded(error=str(error))
    except Exception as error:  # a fault of ours, and no reason to lose the rest
        return Decoded(error=f"{file}: {type(error).__name__}: {error}")


def decode_all(files: Sequence[Path], sample_rate: int, known: Collection[str], workers: int) -> Iterator[Decoded]:
    """Decode files, in their order.

    Parameters
    ----------
    files
        What to decode.
    sample_rate
        In Hz.
    known
        Hashes of files that need not be decoded.
    workers
        Number of processes; with 1 it is this one.
    """
    workers, known = min(workers, len(files)), frozenset(known)
    if workers <= 1:
        return (decode(file, sample_rate, known) for file in files)
    return _in_processes(files, (sample_rate, known), workers)


def _work(sample_rate: int, known: Collection[str], pipe: Connection) -> None:
    """Decode what comes through the pipe until it is closed."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent handles it, and then closes the pipe
    with contextlib.suppress(EOFError, ConnectionError):
        while True:
            pipe.send(decode(pipe.recv(), sample_rate, known))


@dataclass
class _Worker:
    process: SpawnProcess
    pipe: Connection
    job: int | None = None


class _Pool:
    def __init__(self, arguments: tuple[int, Collection[str]], size: int) -> None:
        self._arguments = arguments
        self._context = multiprocessing.get_context("spawn")
        self.workers = [self._started() for _ in range(size)]

    def _started(self) -> _Worker:
        ours, theirs = self._context.Pipe()
        process = self._context.Process(target=_work, args=(*self._arguments, theirs), daemon=True)
        process.start()
        theirs.close()
        return _Worker(process, ours)

    def give(self, worker: _Worker, job: int, file: Path) -> None:
        worker.job = job
        with contextlib.suppress(BrokenPipeError):  # it has died meanwhile, which `results` will find
            worker.pipe.send(file)

    def results(self, files: Sequence[Path]) -> Iterator[tuple[int, Decoded]]:
        """Wait for at least one worker to be done, or to be found dead."""
        ready = wait([worker.pipe for worker in self.workers if worker.job is not None])
        for place, worker in enumerate(self.workers):
            if worker.job is None or worker.pipe not in ready:
                continue
            job, worker.job = worker.job, None
            try:
                yield job, worker.pipe.recv()
            except (EOFError, ConnectionError):
                worker.process.join()
                worker.pipe.close()
                self.workers[place] = self._started()
                reason = f"the process that read it died (exit code {worker.process.exitcode}); is the file sound?"
                yield job, Decoded(error=f"{os.fspath(files[job])}: {reason}")

    def stop(self) -> None:
        for worker in self.workers:
            worker.pipe.close()
            if worker.job is not None:
                worker.process.terminate()
        for worker in self.workers:
            worker.process.join()


def _in_processes(files: Sequence[Path], arguments: tuple[int, Collection[str]], workers: int) -> Iterator[Decoded]:
    done: dict[int, Decoded] = {}
    given = turn = 0
    pool = _Pool(arguments, workers)
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
