"""The one progress bar, on stderr; nothing is shown where stderr is no terminal."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator
from typing import Protocol, TypeVar

__all__ = ["ProgressHook", "no_progress", "progress"]

T = TypeVar("T")


class ProgressHook(Protocol):
    """A function that passes items on unchanged and shows the progress: `progress`, or one of your own."""

    def __call__(
        self,
        items: Iterable[T],
        total: int | None,
        title: str,
        *,
        size: Callable[[T], int] | None = None,
        done: int = 0,
    ) -> Iterator[T]:
        """Yield the items; the parameters are those of `progress`."""
        ...


def no_progress(
    items: Iterable[T], total: int | None, title: str, *, size: Callable[[T], int] | None = None, done: int = 0
) -> Iterator[T]:
    """Yield the items and show nothing."""
    del total, title, size, done
    yield from items


def progress(
    items: Iterable[T], total: int | None, title: str, *, size: Callable[[T], int] | None = None, done: int = 0
) -> Iterator[T]:
    """Yield items and show their number in a progress bar.

    Parameters
    ----------
    items
        What to iterate over.
    total
        Number of items; None if unknown. One item has no bar.
    title
        What the bar counts.
    size
        Bytes of an item, for a bar that counts bytes instead of items; `total` and `done` then are bytes, too.
    done
        What was done before the first item.
    """
    if (total == 1 and size is None) or not sys.stderr.isatty():
        yield from items
        return
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        DownloadColumn,
        MofNCompleteColumn,
        Progress,
        ProgressColumn,
        TextColumn,
        TimeRemainingColumn,
        TransferSpeedColumn,
    )

    counters: tuple[ProgressColumn, ...] = (
        (DownloadColumn(), TransferSpeedColumn()) if size else (MofNCompleteColumn(),)
    )
    columns = (TextColumn("{task.description}", markup=False), BarColumn(), *counters, TimeRemainingColumn())
    # Rich redirects stdout to print above the bar, which is right for a terminal and wrong for a file or a pipe.
    redirect = sys.stdout.isatty()
    with Progress(*columns, console=Console(stderr=True), transient=True, redirect_stdout=redirect) as bar:
        task = bar.add_task(title, total=total, completed=done)
        for item in items:
            yield item
            bar.advance(task, size(item) if size else 1)
