"""``taggram data check``: whether a copy of a data set is whole and sound."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from taggram._system import cpu_count
from taggram.cli.data.arguments import Name, Place, Protocol, Workers, count

if TYPE_CHECKING:
    from taggram.datasets import Tally


def check(
    name: Name,
    path: Place,
    protocol: Protocol = None,
    record: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Where to write down what is sound.  \\[default: in the user's cache]"),
    ] = None,
    workers: Workers = None,
    json: Annotated[bool, typer.Option("--json", help="Print one line of JSON per fault.")] = False,
) -> None:
    """Check a copy of a data set: published files, splits, and every sound file from end to end.

    Prints a line for each fault: a file that is missing, corrupt, damaged, too short or too long, or an index that is
    not as published. The exit code is then 1. What is sound is not decoded again the next time, unless its size or time
    of change differs; so a check that was stopped goes on where it was.
    """
    import json as text
    from dataclasses import asdict

    from taggram.datasets import Tally, dataset
    from taggram.datasets import check as faults

    tally, kinds = Tally(0), Counter[str]()
    with _progress() as advance:

        def report(so_far: Tally) -> None:
            nonlocal tally
            tally = so_far
            advance(so_far)

        for fault in faults(
            dataset(name), path, protocol, record=record, workers=workers or cpu_count(), report=report
        ):
            kinds[fault.kind] += 1
            print(
                text.dumps(asdict(fault), ensure_ascii=False) if json else f"{fault.kind}: {fault.message}", flush=True
            )
    found = ", ".join(f"{n} {kind}" for kind, n in kinds.items()) or "nothing wrong"
    files = f"{count(tally.total, 'file')} ({tally.kept} known from before), {tally.seconds / 3600:.2f} h"
    print(f"{files}: {found}", file=sys.stderr)
    if kinds:
        raise typer.Exit(1)


@contextmanager
def _progress() -> Iterator[Callable[[Tally], None]]:
    """Show a progress bar on stderr while somebody watches."""
    if not sys.stderr.isatty():
        yield lambda _: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeRemainingColumn

    columns = (BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    # Rich takes what is printed for itself, to put it above the bar: never what goes into a file or a pipe.
    redirect = sys.stdout.isatty()
    with Progress(*columns, console=Console(stderr=True), transient=True, redirect_stdout=redirect) as progress:
        task = progress.add_task("checking", total=None)
        yield lambda tally: progress.update(task, total=tally.total, completed=tally.done)
