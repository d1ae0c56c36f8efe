"""``taggram data get``: fetch what may be fetched, and say how to get the rest."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

from taggram.cli.data.arguments import Name, Place, count

if TYPE_CHECKING:
    from taggram.datasets import Dataset, PublishedFile


def get(
    name: Name,
    path: Place,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only list what would be fetched.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Fetch without asking.")] = False,
) -> None:
    """Fetch the published files of a data set that may be fetched.

    Lists them and asks before anything is fetched. A download that was stopped goes on where it was; checksums are
    verified where they are known. Ends with what a person has to do to get the rest. The exit code is 1 as long as a
    published file is missing without which no clip can be listed.
    """
    from taggram.datasets import dataset
    from taggram.datasets.fetching import fetch, require_space, to_fetch
    from taggram.errors import DatasetError

    known = dataset(name)
    wanted = to_fetch(known, path)
    if dry_run:
        for published in wanted:
            print(_line(published))
        _tell_the_rest(known)
        return
    if wanted:
        for published in wanted:
            print(_line(published), file=sys.stderr)
        require_space(wanted, path)
        if not yes:
            if not sys.stdin.isatty():
                raise DatasetError("nothing was fetched: there is no terminal to ask on, so say --yes")
            if not typer.confirm(f"Fetch {count(len(wanted), 'file')} into {path}?", err=True):
                print("nothing was fetched", file=sys.stderr)
                raise typer.Exit(1)
    for published in wanted:
        with _progress(published.name) as report:
            print(fetch(published, path, report), flush=True)
    _tell_the_rest(known)
    missing = [
        published.name for published in known.files if published.required and not (path / published.name).exists()
    ]
    if missing:
        print(f"error: {path} still lacks {', '.join(missing)}: see above", file=sys.stderr)
        raise typer.Exit(1)


def _line(published: PublishedFile) -> str:
    size = f"{published.size / 1e6:,.1f} MB" if published.size else "size not known"
    return f"{published.url} ({size}{'' if published.sha256 else ', no checksum is known'})"


def _tell_the_rest(known: Dataset) -> None:
    print(f"By hand: {known.obtain} See {known.homepage}", file=sys.stderr)


@contextmanager
def _progress(name: str) -> Iterator[Callable[[int, int], None] | None]:
    """Show on stderr how far a file is while somebody watches."""
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn, TransferSpeedColumn

    text = TextColumn("{task.description}", markup=False)
    columns = (text, BarColumn(), DownloadColumn(), TransferSpeedColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task(name, total=None)
        yield lambda here, whole: progress.update(task, completed=here, total=whole or None)
