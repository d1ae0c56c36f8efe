"""The worker processes of `taggram.parallel`."""

from __future__ import annotations

import contextlib
import functools
import multiprocessing
import os
import pickle
import signal
import sys
import traceback
from collections.abc import Callable, Iterator
from multiprocessing.connection import wait
from typing import TYPE_CHECKING, Any, Generic, NoReturn, TypeVar

import numpy as np

from taggram._system import MAX_PROCESSES, block_interrupts
from taggram.errors import TaggramError

if TYPE_CHECKING:
    from multiprocessing.connection import _ConnectionBase as Connection  # its subclass differs between systems

__all__ = ["ProcessPool", "Worker", "require_guard"]

CHUNK = 1 << 18  # bytes of an array in one message, as the receiver copies a message once
NAME = "taggram worker"
NO_GUARD = (
    "worker processes cannot start: each runs the main script again, so that must be a file whose work stands under "
    '`if __name__ == "__main__":`; or use one worker'
)

Item = TypeVar("Item")
Result = TypeVar("Result")


def require_guard() -> None:
    """Raise an error if the main script cannot be run again; in a worker that is running it again, exit."""
    process = multiprocessing.current_process()
    if process.name == NAME and getattr(process, "_inheriting", False):
        sys.exit(1)  # without a word: `ProcessPool.wait` raises the error in the parent process
    main = sys.modules["__main__"]
    file = getattr(main, "__file__", None)  # "<stdin>" for a script on standard input
    if file is not None and main.__spec__ is None and not os.path.exists(file):
        raise TaggramError(NO_GUARD)


class Worker(Generic[Item]):
    """A worker process, the pipe to it, and the item that it works on.

    Parameters
    ----------
    target
        What the process runs, with its end of the pipe and these arguments.
    """

    def __init__(self, target: Callable[..., None], *arguments: object) -> None:
        context = multiprocessing.get_context("spawn")
        self.pipe, remote = context.Pipe()
        self.process = context.Process(target=target, args=(remote, *arguments), daemon=True, name=NAME)
        with block_interrupts():  # the parent process handles them
            self.process.start()
        remote.close()
        self.is_ready = False
        self.job: tuple[int, Item] | None = None

    @property
    def is_idle(self) -> bool:
        return self.is_ready and self.job is None

    def submit(self, number: int, item: Item) -> None:
        self.job = number, item
        with contextlib.suppress(OSError):  # if it has died, `ProcessPool.wait` will notice
            _Message(item).send(self.pipe)


class ProcessPool(Generic[Item, Result]):
    """Worker processes that have the same function; see `taggram.parallel.Pool`."""

    def __init__(self, function: Callable[[Item], Result], size: int, on_crash: Callable[[Item, str], Result]) -> None:
        require_guard()
        self._function, self._on_crash = function, on_crash
        self._any_ready = False
        self._workers: list[Worker[Item]] = [Worker(_work) for _ in range(min(size, MAX_PROCESSES))]

    def idle_workers(self) -> list[Worker[Item]]:
        return [worker for worker in self._workers if worker.is_idle]

    def wait(self) -> Iterator[tuple[int, Result]]:
        """Wait until some worker has started, completed an item or died; yield numbers and results of items."""
        busy = [worker for worker in self._workers if not worker.is_idle]
        pipes = wait([worker.pipe for worker in busy])
        for worker in busy:
            if worker.pipe not in pipes:
                continue
            try:
                reply = _Message.receive(worker.pipe)
            except (EOFError, OSError):
                reason = self._replace(worker)
                if worker.job is not None:
                    number, item = worker.job
                    yield number, self._on_crash(item, reason)
                continue
            if worker.job is None:
                worker.is_ready = self._any_ready = True
                with contextlib.suppress(OSError):
                    _Message(self._function).send(worker.pipe)
                continue
            number, worker.job = worker.job[0], None
            result, error = reply
            if error is not None:
                raise error
            yield number, result

    def close(self) -> None:
        for worker in self._workers:
            worker.pipe.close()
            if not worker.is_idle:
                worker.process.terminate()
        for worker in self._workers:
            worker.process.join()

    def _replace(self, worker: Worker[Item]) -> str:
        """Replace a dead worker, and return a clause with the reason of its death."""
        worker.pipe.close()
        worker.process.join()
        code = worker.process.exitcode
        if not worker.is_ready and ((code or 0) >= 0 or not self._any_ready):
            raise TaggramError(f"{NO_GUARD} (exit code {code})") from None
        self._workers[self._workers.index(worker)] = Worker(_work)
        return f"its worker process died (exit code {code})"


def _work(pipe: Connection) -> None:
    """Apply the function that comes through a pipe to the items that follow, until the pipe is closed."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with contextlib.suppress(EOFError, ConnectionError):
        _Message(None).send(pipe)  # this worker is ready
        function = _receive_function(pipe)
        while True:
            item = _Message.receive(pipe)
            try:
                message = _Message((function(item), None))
            except Exception as error:
                error.add_note("".join(traceback.format_exception(error)))
                message = _Message((None, error))
            message.send(pipe)


def _receive_function(pipe: Connection) -> Callable[[Any], Any]:
    """Receive the function; where that fails, return one that raises the error."""
    try:
        function: Callable[[Any], Any] = _Message.receive(pipe)
    except (EOFError, ConnectionError):
        raise
    except Exception as error:
        return functools.partial(_raise, error)
    return function


def _raise(error: Exception, _: object) -> NoReturn:
    raise error


class _Message:
    """A pickled value whose arrays are sent as they lie in memory instead of being copied into the pickle."""

    def __init__(self, value: object) -> None:
        arrays: list[pickle.PickleBuffer] = []
        self._pickle = pickle.dumps(value, protocol=5, buffer_callback=arrays.append)
        self._arrays = [array.raw() for array in arrays]

    def send(self, pipe: Connection) -> None:
        pipe.send((self._pickle, [array.nbytes for array in self._arrays]))
        for array in self._arrays:
            for begin in range(0, array.nbytes, CHUNK):
                pipe.send_bytes(array[begin : begin + CHUNK])

    @staticmethod
    def receive(pipe: Connection) -> Any:
        pickled, sizes = pipe.recv()
        arrays = [np.empty(size, np.uint8) for size in sizes]
        for array in arrays:
            for begin in range(0, array.nbytes, CHUNK):
                pipe.recv_bytes_into(array[begin : begin + CHUNK].data)
        return pickle.loads(pickled, buffers=arrays)  # noqa: S301 - from a process of our own
