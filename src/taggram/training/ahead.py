"""Batches are drawn while the network is still busy with those before."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

DEPTH = 3  # items that lie ready at most: what bounds the memory

T = TypeVar("T")


def ahead(items: Iterable[T]) -> Iterator[T]:
    """Yield items in their order, made by another thread.

    Parameters
    ----------
    items
        Whatever making one raises is raised where it would be yielded.
    """
    source, end = iter(items), object()
    with ThreadPoolExecutor(1) as thread:
        waiting = deque(thread.submit(next, source, end) for _ in range(DEPTH))
        while (item := waiting.popleft().result()) is not end:
            waiting.append(thread.submit(next, source, end))
            yield item  # type: ignore[misc]
