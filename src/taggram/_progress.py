"""The one progress bar, on stderr; nothing is shown where stderr is no terminal."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from typing import TypeVar

__all__ = ["progress"]

T = TypeVar("T")


def progress(items: Iterable[T], total: int | None, title: str) -> Iterator[T]:
    """Yield items while a bar shows how many there have been.

    Parameters
    ----------
    items
        What to iterate over.
    total
        How many there will be; None if unknown. For one item there is no bar.
    title
        What the bar counts.
    """
    if total == 1 or not sys.stderr.isatty():
        yield from items
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    # Rich redirects stdout to print above the bar, which is wanted on a terminal and wrong for a file or a pipe.
    redirect = sys.stdout.isatty()
    with Progress(*columns, console=Console(stderr=True), transient=True, redirect_stdout=redirect) as bar:
        task = bar.add_task(title, total=total)
        for item in items:
            yield item
            bar.advance(task)
