"""``taggram data pack``: a data set, or music of one's own, into a store that training reads."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from taggram._system import cpu_count
from taggram.cli.data.arguments import Protocol, Workers, count

if TYPE_CHECKING:
    from taggram.datasets import Listing, Outcome, Summary

OWN = "table"  # the name under which one's own folder or table goes


def pack(
    name: Annotated[str, typer.Argument(help="A data set (see: taggram data list), or table: your own music.")],
    path: Annotated[
        Path,
        typer.Argument(
            help="Its folder; of table: a folder with a sub-folder for each tag, or a .csv, .tsv, .jsonl or .parquet "
            "table with a path column."
        ),
    ],
    store: Annotated[Path, typer.Argument(help="Folder of the store; run again to go on or to bring it up to date.")],
    protocol: Protocol = None,
    id_: Annotated[
        str | None, typer.Option("--id", metavar="COLUMN", help="table: ids.  \\[default: id, else path]")
    ] = None,
    labels: Annotated[
        str | None, typer.Option(metavar="COLUMN,...", help="table: labels, several split at ;  \\[default: labels]")
    ] = None,
    split: Annotated[str | None, typer.Option(metavar="COLUMN", help="table: splits.  \\[default: split]")] = None,
    group: Annotated[
        str | None, typer.Option(metavar="COLUMN", help="table: what no split may tear apart.  \\[default: artist]")
    ] = None,
    new_split: Annotated[
        int | None,
        typer.Option(
            min=0,
            metavar="SEED",
            help="table: split 80 : 10 : 10 into train, valid and test, no artist in two of them; the seed draws.",
        ),
    ] = None,
    sample_rate: Annotated[int, typer.Option(min=100, max=10_000_000, metavar="HZ", help="Of the store.")] = 16000,
    workers: Workers = None,
    shard_seconds: Annotated[float, typer.Option(min=1, metavar="SECONDS", help="When a shard is full.")] = 36000.0,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only list the files that would be read.")] = False,
) -> None:
    """Decode clips once, into a store that training reads quickly.

    A run that was stopped is taken up again where it was. A file that cannot be read is reported and the others go on;
    the exit code is then 1. Needs the train extra.
    """
    from taggram.datasets import artist_split, dataset, list_table

    columns: dict[str, Any] = {"id": id_, "labels": labels and [part.strip() for part in labels.split(",")]}
    columns |= {"split": split, "group": group}
    chosen = any(columns.values())
    if name != OWN and (chosen or new_split is not None):
        options = "--id, --labels, --split, --group and --new-split"
        raise typer.BadParameter(f"{name} has tags and splits of its own: {options} are for {OWN}")
    if chosen and path.is_dir():
        raise typer.BadParameter("--id, --labels, --split and --group name columns of a table, not of a folder")
    listing = list_table(path, **columns) if chosen else dataset(name).listing(path, protocol)
    if new_split is not None:
        listing = artist_split(listing, seed=new_split)
    if dry_run:
        _list(listing, store, sample_rate)
        return
    summary = fill(listing, store, workers, sample_rate=sample_rate, shard_seconds=shard_seconds)
    print(f"{count(len(listing.clips), 'clip')}: {summary} in {store}")
    if summary.failed:
        raise typer.Exit(1)


def fill(listing: Listing, store: Path, workers: int | None = None, **settings: Any) -> Summary:
    """Pack a listing, with a progress bar on stderr."""
    from taggram.datasets import pack

    with _progress(len(listing.clips)) as report:
        return pack(listing, store, workers=workers or cpu_count(), report=report, **settings)


def _list(listing: Listing, store: Path, sample_rate: int) -> None:
    from taggram.datasets import unpacked

    n = missing = 0
    for clip in unpacked(listing, store, sample_rate):
        file = listing.file(clip)
        n += 1
        if file.is_file():
            print(file)
        else:
            missing += 1
            print(f"error: {file} does not exist: check the path", file=sys.stderr)
    print(f"{count(len(listing.clips), 'clip')}, {n} to pack, {missing} of them missing", file=sys.stderr)
    if missing:
        raise typer.Exit(1)


@contextmanager
def _progress(total: int) -> Iterator[Callable[[Outcome], None]]:
    """Give what reports a clip on stderr: a line if it is damaged or failed, and a bar while somebody watches."""

    def say(outcome: Outcome) -> None:
        if outcome.state == "failed":
            print(f"error: {outcome.message}", file=sys.stderr)
        elif outcome.message:
            print(f"warning: {outcome.clip.path}: {outcome.message}", file=sys.stderr)

    if not sys.stderr.isatty():
        yield say
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeRemainingColumn

    columns = (BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("packing", total=total)

        def advance(outcome: Outcome) -> None:
            say(outcome)
            progress.advance(task)

        yield advance
