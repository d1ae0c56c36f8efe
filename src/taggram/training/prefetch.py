"""Prefetching: another thread prepares batches while the network computes."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

DEPTH = 3  # maximum number of prefetched items: bounds the memory

T = TypeVar("T")


def prefetch(items: Iterable[T]) -> Iterator[T]:
    """Yield items in order, produced by another thread.

    Parameters
    ----------
    items
        An exception of the iterable is raised at the position of its item.
    """
    source, end = iter(items), object()
    with ThreadPoolExecutor(1) as thread:
        pending = deque(thread.submit(next, source, end) for _ in range(DEPTH))
        while (item := pending.popleft().result()) is not end:
            pending.append(thread.submit(next, source, end))
            yield item  # type: ignore[misc]
