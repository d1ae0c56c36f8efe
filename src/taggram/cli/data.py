"""``taggram data``: pack clips for training, and show what was packed."""

from __future__ import annotations

import os
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from taggram.cli import audit

if TYPE_CHECKING:
    from taggram.datasets import Listing, Outcome, Summary

app = typer.Typer(help="Pack clips for training, and show what was packed.", no_args_is_help=True)
app.command()(audit.audit)


@app.command()
def pack(
    source: Annotated[
        Path,
        typer.Argument(help="A folder of audio files, or a .csv, .tsv, .jsonl or .parquet table with a path column."),
    ],
    store: Annotated[Path, typer.Argument(help="Folder of the store; run again to go on or to bring it up to date.")],
    folders_are_tags: Annotated[
        bool, typer.Option("--folders-are-tags", help="First-level sub-folders are labels.")
    ] = False,
    id_: Annotated[str | None, typer.Option("--id", metavar="COLUMN", help="Ids.  \\[default: id, else path]")] = None,
    labels: Annotated[
        str | None, typer.Option(metavar="COLUMN,...", help="Labels, several split at ;  \\[default: labels]")
    ] = None,
    split: Annotated[str | None, typer.Option(metavar="COLUMN", help="Splits.  \\[default: split]")] = None,
    group: Annotated[
        str | None, typer.Option(metavar="COLUMN", help="What no split may tear apart.  \\[default: artist]")
    ] = None,
    sample_rate: Annotated[int, typer.Option(min=100, max=10_000_000, metavar="HZ", help="Of the store.")] = 16000,
    workers: Annotated[
        int | None, typer.Option(min=1, help="Processes that decode.  \\[default: the cores]", show_default=False)
    ] = None,
    shard_seconds: Annotated[float, typer.Option(min=1, metavar="SECONDS", help="When a shard is full.")] = 36000.0,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only list the files that would be read.")] = False,
) -> None:
    """Decode clips once, into a store that training reads quickly.

    A run that was stopped is taken up again where it was. A file that cannot be read is reported and the others go on;
    the exit code is then 1. Needs the train extra.
    """
    from taggram import datasets

    if source.is_dir():
        if id_ or labels or split or group:
            raise typer.BadParameter("--id, --labels, --split and --group name columns of a table, not of a folder")
        listing = datasets.list_folder(source, folders_are_tags=folders_are_tags)
    elif folders_are_tags:
        raise typer.BadParameter("--folders-are-tags is for a folder, not for a table")
    else:
        columns = None if labels is None else [name.strip() for name in labels.split(",")]
        listing = datasets.list_table(source, id=id_, labels=columns, split=split, group=group)
    if dry_run:
        _list(listing, store, sample_rate)
        return
    summary = fill(listing, store, workers, sample_rate=sample_rate, shard_seconds=shard_seconds)
    print(f"{_clips(len(listing.clips))}: {summary} in {store}")
    if summary.failed:
        raise typer.Exit(1)


def fill(listing: Listing, store: Path, workers: int | None = None, **settings: Any) -> Summary:
    """Pack a listing, with a progress bar on stderr."""
    from taggram.datasets import pack

    with _progress(len(listing.clips)) as report:
        return pack(listing, store, workers=workers or len(os.sched_getaffinity(0)), report=report, **settings)


@app.command()
def show(
    store: Annotated[Path, typer.Argument(help="Folder of the store.")],
    top: Annotated[int | None, typer.Option(min=1, help="Only the most frequent labels.  \\[default: all]")] = None,
) -> None:
    """Show how much a packed store holds, and its splits and labels."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    from taggram.datasets import PackedStore

    packed = PackedStore(store)
    clips = packed.clips
    damaged = sum(map(bool, clips.warnings))
    hours = clips.durations.sum() / 3600
    print(f"{_clips(len(packed))}, {hours:.2f} h at {packed.sample_rate} Hz, {damaged} damaged")
    splits = Counter(clips.splits)
    counts = Counter(label for labels in clips.labels for label in labels)
    table = Table(box=None, pad_edge=False)
    table.add_column()
    table.add_column("clips", justify="right")
    for split, n in splits.items():
        table.add_row(Text(f"split {split}" if split else "no split"), str(n))
    for label, n in sorted(counts.items(), key=lambda item: (-item[1], item[0]))[:top]:
        table.add_row(Text(label), str(n))
    Console().print(table)


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
    print(f"{_clips(len(listing.clips))}, {n} to pack, {missing} of them missing", file=sys.stderr)
    if missing:
        raise typer.Exit(1)


def _clips(n: int) -> str:
    return f"{n} clip{'' if n == 1 else 's'}"


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
