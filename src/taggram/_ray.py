"""The Ray actors of `taggram.parallel`, on one machine or many."""

from __future__ import annotations

import contextlib
import functools
import logging
import os
import socket
import traceback
from collections.abc import Callable, Iterator
from typing import Any, Generic, TypeVar

from taggram._system import cpu_count
from taggram.errors import MissingExtraError, TaggramError

# Before the import: nothing is sent to Ray's authors, and actors of a new Ray have the priority of other processes, not
# the lowest but four, with which they hardly work beside others.
os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
os.environ.setdefault("RAY_worker_niceness", "0")

try:
    import ray
    from ray import cloudpickle
    from ray.exceptions import ActorDiedError, RayError
except ImportError as error:
    raise MissingExtraError("a Ray cluster", "ray") from error

__all__ = ["RayPool", "connect"]

Item = TypeVar("Item")
Result = TypeVar("Result")


@contextlib.contextmanager
def connect(address: str | None) -> Iterator[int]:
    """Connect to a cluster until the end of the block; see `taggram.parallel.use_ray`."""
    if ray.is_initialized():  # by the program that uses taggram, which ends it, too
        yield _cores()
        return
    # Ray prints on standard output, where data goes, that a worker has died; `on_crash` reports what matters of it.
    ray._private.worker.print_to_stdstream = _print_nothing
    where: dict[str, Any] = {"address": address} if address else {"address": "local", "num_cpus": cpu_count()}
    try:
        _require_server(address)
        ray.init(**where, log_to_driver=False, include_dashboard=False, logging_level=logging.ERROR)
    except (OSError, RuntimeError, ValueError) as error:
        reason = " ".join(str(error).split())
        raise TaggramError(
            f"Ray cannot be reached at {address or 'this machine'} ({reason}): start a cluster with ray start --head, "
            "or leave the address out"
        ) from error
    try:
        yield _cores()
    finally:
        ray.shutdown()


def _require_server(address: str | None) -> None:
    """Raise an error at once where nothing answers at a HOST:PORT, for which Ray itself waits for minutes."""
    host, _, port = (address or "").rpartition(":")
    if host and port.isdecimal() and "/" not in host:
        socket.create_connection((host, int(port)), timeout=10).close()


class RayPool(Generic[Item, Result]):
    """Actors that have the same function; see `taggram.parallel.Pool`.

    Ray restarts an actor that has died, on another node if need be, and repeats the item that it worked on once.
    """

    def __init__(self, function: Callable[[Item], Result], size: int, on_crash: Callable[[Item, str], Result]) -> None:
        self._on_crash = on_crash
        actor = ray.remote(num_cpus=1, max_restarts=-1, max_task_retries=1)(_Actor)
        pickled = cloudpickle.dumps(function)
        self._workers: list[_Worker[Item]] = [_Worker(actor.remote(pickled)) for _ in range(size)]

    def idle_workers(self) -> list[_Worker[Item]]:
        return [worker for worker in self._workers if worker.future is None]

    def wait(self) -> Iterator[tuple[int, Result]]:
        """Wait until some worker has started, completed an item or died; yield numbers and results of items."""
        busy = {worker.future: worker for worker in self._workers if worker.future is not None}
        ray.wait([*busy], num_returns=1)
        for future in ray.wait([*busy], num_returns=len(busy), timeout=0)[0]:
            worker = busy[future]
            job, worker.job, worker.future = worker.job, None, None
            try:
                reply = ray.get(future)
            except RayError as error:
                if job is None or isinstance(error, ActorDiedError):  # it has never worked, or is not restarted
                    self._remove(worker, error)
                if job is not None:
                    yield job[0], self._on_crash(job[1], "its Ray actor died twice")
                continue
            if job is None:
                continue
            result, failure = cloudpickle.loads(reply)
            if failure is not None:
                raise failure
            yield job[0], result

    def close(self) -> None:
        for worker in self._workers:
            ray.kill(worker.actor)

    def _remove(self, worker: _Worker[Item], error: RayError) -> None:
        """Go on without a worker, as long as there are others."""
        self._workers.remove(worker)
        if not self._workers:
            reason = str(error).strip().splitlines()[-1]
            raise TaggramError(f"Ray actors cannot work ({reason}): install the same taggram on each node") from error


class _Worker(Generic[Item]):
    """An actor, and the item that it works on; its future is None while it is idle."""

    def __init__(self, actor: Any) -> None:
        self.actor = actor
        self.job: tuple[int, Item] | None = None
        self.future = actor.load.remote()

    def submit(self, number: int, item: Item) -> None:
        self.job = number, item
        self.future = self.actor.call.remote(cloudpickle.dumps(item))


class _Actor:
    """What runs on a node.

    Items and results are pickled here and not by Ray, whose arrays cannot be written and whose errors contain
    tracebacks.
    """

    def __init__(self, function: bytes) -> None:
        self._pickled = function

    @functools.cached_property
    def _function(self) -> Callable[[Any], Any]:
        function: Callable[[Any], Any] = cloudpickle.loads(self._pickled)
        return function

    def load(self) -> None:
        """Load the function before the first item; if it cannot be loaded, the first item has the error."""
        with contextlib.suppress(Exception):
            _ = self._function

    def call(self, item: bytes) -> bytes:
        """Return the pickled result of a pickled item, and the error in its place."""
        try:
            pickled: bytes = cloudpickle.dumps((self._function(cloudpickle.loads(item)), None))
        except Exception as error:
            error.add_note("".join(traceback.format_exception(error)))
            pickled = cloudpickle.dumps((None, error))
        return pickled


def _cores() -> int:
    return int(ray.cluster_resources().get("CPU", 1))


def _print_nothing(*_: object, **__: object) -> None:
    """Print nothing."""
