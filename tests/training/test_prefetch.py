"""Batches made by another thread come in order, and so do their errors."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from taggram.training.data import PREFETCHED, prefetch


def test_items_come_in_order_from_another_thread() -> None:
    threads = set()

    def items() -> Iterator[int | None]:
        for i in range(20):
            threads.add(threading.get_ident())
            yield i
        yield None  # which is an item like any other

    assert list(prefetch(items())) == [*range(20), None]
    assert len(threads) == 1
    assert threading.get_ident() not in threads


def test_few_items_are_prefetched() -> None:
    made = []
    consumed = prefetch(made.append(i) or i for i in range(100))
    assert next(consumed) == 0
    consumed.close()  # type: ignore[attr-defined]
    assert len(made) <= PREFETCHED + 1


def test_what_making_an_item_raises_is_raised_in_its_place() -> None:
    def items() -> Iterator[int]:
        yield 1
        raise ValueError("two")

    prefetched = prefetch(items())
    assert next(prefetched) == 1
    with pytest.raises(ValueError, match="two"):
        next(prefetched)
