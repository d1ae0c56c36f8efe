"""A parallel map, in processes of this machine or on a Ray cluster."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Iterator, Sequence, Sized
from contextvars import ContextVar
from typing import Any, Protocol, TypeVar

__all__ = ["parallel_map", "use_ray"]

PREFETCH = 4  # items per worker that are read before the oldest unfinished one is returned: the bound of the memory

Item = TypeVar("Item")
Result = TypeVar("Result")
Result_co = TypeVar("Result_co", covariant=True)
Item_contra = TypeVar("Item_contra", contravariant=True)

_on_ray: ContextVar[bool] = ContextVar("on_ray", default=False)


def parallel_map(
    function: Callable[[Item], Result],
    items: Iterable[Item],
    *,
    workers: int,
    on_crash: Callable[[Item, str], Result],
    ordered: bool = True,
) -> Iterator[Result]:
    """Map a function over items in worker processes, or within `use_ray` in Ray actors.

    Parameters
    ----------
    function
        With several workers, it, the items and its results must be picklable. It is sent to each worker once. What it
        raises is raised here and ends the map.
    items
        May be endless: it is read only a little before the results.
    workers
        Number of processes or actors. With 1, this process does the work.
    on_crash
        Returns the result of an item whose worker died, from the item and the reason. It runs in this process.
    ordered
        Whether results come in the order of the items, or as they are completed.

    Yields
    ------
    object
        One result for each item.

    Raises
    ------
    TaggramError
        If workers cannot start: processes, because the main script has no guard; actors, because nodes lack taggram.
    """
    if isinstance(items, Sized):
        workers = min(workers, len(items))
    if workers <= 1:
        yield from map(function, items)
        return
    # Either is loaded here, as processes take a tenth of a cold start, and Ray is an extra.
    pool: Pool[Item, Result]
    if _on_ray.get():
        from taggram._ray import RayPool

        pool = RayPool(function, workers, on_crash)
    else:
        from taggram._processes import ProcessPool

        pool = ProcessPool(function, workers, on_crash)
    with contextlib.closing(pool):
        yield from _map(pool, items, PREFETCH * workers, ordered)


@contextlib.contextmanager
def use_ray(address: str | None = None) -> Iterator[int]:
    """Let parallel maps use Ray actors in place of processes until the end of the block.

    Parameters
    ----------
    address
        Of a Ray cluster, such as ``"head:6379"``; ``"auto"`` for the one that this machine belongs to. None: a new one
        of this machine alone, which ends with the block.

    Yields
    ------
    int
        Number of processor cores of the cluster.

    Raises
    ------
    MissingExtraError
        If Ray is not installed.
    TaggramError
        If there is no cluster at the address.
    """
    from taggram._ray import connect

    with connect(address) as cores:
        token = _on_ray.set(True)
        try:
            yield cores
        finally:
            _on_ray.reset(token)


class Worker(Protocol[Item_contra]):
    """A process or an actor."""

    def submit(self, number: int, item: Item_contra, /) -> None:
        """Start the work on an item."""


class Pool(Protocol[Item_contra, Result_co]):
    """Workers that have the same function."""

    def idle_workers(self) -> Sequence[Worker[Item_contra]]:
        """Return the workers that can be given an item."""

    def wait(self) -> Iterator[tuple[int, Result_co]]:
        """Wait until some worker has started, completed an item or died; yield numbers and results of items."""

    def close(self) -> None:
        """End the workers, whatever they do."""


def _map(pool: Pool[Item, Any], items: Iterable[Item], limit: int, ordered: bool) -> Iterator[Any]:
    """Give items to the workers of a pool, at most so many before the oldest one without a result; yield results."""
    iterator, exhausted = iter(items), False
    results: dict[int, Any] = {}
    started = returned = 0
    while True:
        for worker in pool.idle_workers():
            if exhausted or started - returned >= limit:
                break
            try:
                item = next(iterator)
            except StopIteration:
                exhausted = True
                break
            worker.submit(started, item)
            started += 1
        if exhausted and returned == started:
            return
        results.update(pool.wait())
        for number in range(returned, started) if ordered else sorted(results):
            if number not in results:
                break
            yield results.pop(number)
            returned += 1
