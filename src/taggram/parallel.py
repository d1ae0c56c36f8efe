"""A parallel map."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sized
from typing import TypeVar

__all__ = ["parallel_map"]

Item = TypeVar("Item")
Result = TypeVar("Result")


def parallel_map(
    function: Callable[[Item], Result],
    items: Iterable[Item],
    *,
    workers: int,
    on_crash: Callable[[Item, str], Result],
    ordered: bool = True,
) -> Iterator[Result]:
    """Map a function over items in worker processes.

    Parameters
    ----------
    function
        With several workers, it, the items and its results must be picklable. It is sent to each worker once. What it
        raises is raised here and ends the map.
    items
        May be endless: it is read only a little before the results.
    workers
        Number of processes. With 1, this process does the work.
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
        If workers cannot start, because the main script has no guard.
    """
    if isinstance(items, Sized):
        workers = min(workers, len(items))
    if workers <= 1:
        yield from map(function, items)
        return
    from taggram._processes import map_in_processes  # loaded here, as it takes a tenth of a cold start

    yield from map_in_processes(function, items, workers, on_crash, ordered)
