"""Worker processes for jobs that arrive at any time, report progress, and can be cancelled."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import queue
import signal
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from taggram._processes import Worker
from taggram._system import limit_memory
from taggram.web.errors import RequestError, TooLongError, is_full_disk, no_space, status_of
from taggram.web.settings import Settings

if TYPE_CHECKING:
    from multiprocessing.connection import _ConnectionBase as Connection

__all__ = ["Job", "Places", "Pool", "Report"]

POLL = 0.05  # seconds between two looks at cancellation and deadlines
REPORT_EVERY = 0.1  # seconds
GRACE = 2.0  # seconds from a cancellation to the end of a worker that does not heed it
SHUTTING_DOWN = RequestError(503, "the server is shutting down: try again later")
NO_WORKER = RequestError(503, "the server cannot start a worker process: try again later", retry_after=30)
TOO_MUCH_MEMORY = "the audio needs more memory than this server grants: send a shorter part"

Report = Callable[[float], None]
"""Called by a job with the seconds of audio that it has done; raises an exception if the job is cancelled."""

logger = logging.getLogger("taggram.web")


class Places:
    """A bounded number of uploads and jobs at once.

    Parameters
    ----------
    limit
        Number of places.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self.taken = 0

    @contextlib.contextmanager
    def take(self) -> Iterator[None]:
        """Hold a place during the block.

        Raises
        ------
        RequestError
            With status 429, if all places are taken.
        """
        if self.taken >= self._limit:
            raise RequestError(429, "the server is busy: try again in some seconds", retry_after=2)
        self.taken += 1
        try:
            yield
        finally:
            self.taken -= 1


class Job:
    """A function in a worker process; awaiting it returns the result of the function, or raises its error.

    Attributes
    ----------
    progress
        Seconds of audio that are done.
    """

    def __init__(self, function: Callable[..., Any], arguments: tuple[object, ...], name: str) -> None:
        self.function, self.arguments, self.name = function, arguments, name
        self.progress = 0.0
        self.cancelled = threading.Event()
        self._loop = asyncio.get_running_loop()
        self.future: asyncio.Future[Any] = self._loop.create_future()

    def __await__(self) -> Any:
        return asyncio.shield(self.future).__await__()

    def cancel(self) -> None:
        """Stop the job, or take it out of the queue; whoever awaits it gets a `CancelledError`."""
        self.cancelled.set()
        self.future.cancel()

    def fail(self, error: Exception) -> None:
        """Stop the job; whoever awaits it gets an error."""
        self.cancelled.set()
        self._finish(None, error)

    def report(self, seconds: float) -> None:
        """Set the progress, from any thread."""
        self.progress = seconds

    def finish(self, result: object, error: Exception | None) -> None:
        """Set the result or the error, from any thread."""
        with contextlib.suppress(RuntimeError):  # the loop is closed
            self._loop.call_soon_threadsafe(self._finish, result, error)

    def _finish(self, result: object, error: Exception | None) -> None:
        if self.future.done():
            return
        if error is None:
            self.future.set_result(result)
        else:
            self.future.set_exception(error)
            self.future.exception()  # else asyncio complains where nobody waits any more


class Pool:
    """Worker processes; one that dies, or exceeds a limit, is replaced, and costs its job only.

    Parameters
    ----------
    settings
        Number of workers and limits.
    prepare
        Called in each worker when it starts, to load what jobs need.
    """

    def __init__(self, settings: Settings, prepare: Callable[[], None]) -> None:
        self._settings, self._prepare = settings, prepare
        self._jobs: queue.SimpleQueue[Job | None] = queue.SimpleQueue()
        self._closing = False
        self._threads = [threading.Thread(target=self._drive, daemon=True) for _ in range(settings.workers)]
        for thread in self._threads:
            thread.start()

    def submit(self, function: Callable[..., Any], *arguments: object, name: str) -> Job:
        """Run ``function(report, *arguments)`` in a worker.

        Parameters
        ----------
        function, arguments
            Picklable, as is the result.
        name
            The client's name of the audio, for errors.
        """
        job = Job(function, arguments, name)
        self._jobs.put(job)
        return job

    def close(self) -> None:
        """End all jobs and workers; may be called repeatedly."""
        self._closing = True
        for _ in self._threads:
            self._jobs.put(None)
        for thread in self._threads:
            thread.join()
        with contextlib.suppress(queue.Empty):
            while True:
                if (job := self._jobs.get_nowait()) is not None:
                    job.finish(None, SHUTTING_DOWN)

    def _drive(self) -> None:
        """Run jobs in one worker process, in a thread of its own."""
        worker = self._start_worker()
        while not self._closing and (job := self._jobs.get()) is not None:
            if job.cancelled.is_set():
                continue
            if worker is None or not worker.process.is_alive():
                worker = self._start_worker()
            if worker is None:
                job.finish(None, NO_WORKER)
                continue
            try:
                job.finish(self._run(worker, job), None)
            except _WorkerLostError as loss:
                worker.process.kill()
                worker.pipe.close()
                worker.process.join()
                if not self._closing:
                    worker = self._start_worker()
                job.finish(None, loss.error)
            except Exception as error:
                job.finish(None, error)
        if worker is not None:
            worker.pipe.close()
            worker.process.kill()
            worker.process.join()

    def _start_worker(self) -> Worker[None] | None:
        """Start a worker; None where the system has no processes, memory or files left for one."""
        try:
            return Worker(_serve, self._settings.worker_memory, self._prepare)
        except OSError as error:
            logger.error("a worker process cannot start: %s", error)
            return None

    def _run(self, worker: Worker[None], job: Job) -> Any:
        """Return the result of a job."""
        begin = last = time.monotonic()
        is_cancelled = False
        try:
            worker.pipe.send((job.function, job.arguments))
            while True:
                if worker.pipe.poll(POLL):
                    kind, value = worker.pipe.recv()
                    if kind == "ready":
                        worker.is_ready, begin = True, time.monotonic()
                        last = begin
                    elif kind == "progress":
                        job.report(value)
                        last = time.monotonic()
                    elif kind == "result":
                        return value
                    else:
                        raise value
                now = time.monotonic()
                if self._closing:
                    raise _WorkerLostError(SHUTTING_DOWN)
                if job.cancelled.is_set() and not is_cancelled:
                    is_cancelled, last = True, now
                    worker.pipe.send(None)
                if worker.is_ready and is_cancelled and now - last > GRACE:
                    raise _WorkerLostError(RequestError(503, f"{job.name}: cancelled"))
                is_late = now - last > self._settings.stall_seconds or now - begin > self._settings.job_seconds
                if worker.is_ready and is_late:
                    raise _WorkerLostError(RequestError(422, f"{job.name} takes too long: send a shorter part"))
        except (EOFError, OSError):
            reason = f"{job.name}: its worker process died; is the file sound?"
            raise _WorkerLostError(RequestError(422, reason)) from None


class _WorkerLostError(Exception):
    """A worker that died or has to be ended, with the error of its job."""

    def __init__(self, error: RequestError) -> None:
        super().__init__(str(error))
        self.error = error


class _CancelledError(Exception):
    """Ends a job in a worker."""


def _serve(pipe: Connection, memory: int, prepare: Callable[[], None]) -> None:
    """Run jobs that come through a pipe until it is closed; None cancels a job, also one that has just ended."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    limit_memory(memory)
    prepare()
    with contextlib.suppress(EOFError, ConnectionError):
        pipe.send(("ready", None))  # from now on, time counts
        while True:
            if (message := pipe.recv()) is not None:
                pipe.send(_answer(pipe, *message))


def _answer(pipe: Connection, function: Callable[..., Any], arguments: tuple[object, ...]) -> tuple[str, object]:
    last = 0.0

    def report(seconds: float) -> None:
        nonlocal last
        if pipe.poll():
            pipe.recv()
            raise _CancelledError
        if time.monotonic() - last > REPORT_EVERY:
            pipe.send(("progress", seconds))
            last = time.monotonic()

    try:
        return "result", function(report, *arguments)
    except (_CancelledError, EOFError, ConnectionError):
        return "error", RequestError(503, "cancelled")
    except MemoryError:
        return "error", TooLongError(TOO_MUCH_MEMORY)
    except Exception as error:
        if is_full_disk(error):
            return "error", no_space()
        if status_of(error) != 500:
            return "error", error
        text = "".join(traceback.format_exception(error))
        if "bad_alloc" in text or "Failed to allocate memory" in text:  # as ONNX Runtime has it
            return "error", TooLongError(TOO_MUCH_MEMORY)
        logger.error("a job failed\n%s", text)
        return "error", RequestError(500, f"an unexpected {type(error).__name__}; the server's log has more")
