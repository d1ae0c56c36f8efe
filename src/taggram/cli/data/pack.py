"""``taggram data pack``: pack a data set, or music of your own, into a store for training."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from taggram._system import cpu_count
from taggram._text import encode_path, printable
from taggram.cli.data.arguments import Protocol, Workers, check_readable, count
from taggram.cli.packing import show_result

if TYPE_CHECKING:
    from taggram.datasets import ClipIndex

TABLE = "table"  # the name of the data set for your own folder or table


def pack(
    name: Annotated[str, typer.Argument(help="A data set (see: taggram data list), or table: your own music.")],
    path: Annotated[
        Path,
        typer.Argument(
            readable=False,
            callback=check_readable,
            help="Its folder; of table: a folder with one sub-folder per tag, or a .csv, .tsv, .jsonl or .parquet "
            "table with a path column.",
        ),
    ],
    store: Annotated[Path, typer.Argument(help="Folder of the store; run again to resume or update it.")],
    protocol: Protocol = None,
    id_: Annotated[
        str | None, typer.Option("--id", metavar="COLUMN", help="table: ids.  \\[default: id, else path]")
    ] = None,
    labels: Annotated[
        str | None, typer.Option(metavar="COLUMN,...", help="table: labels, separated by ;  \\[default: labels]")
    ] = None,
    split: Annotated[str | None, typer.Option(metavar="COLUMN", help="table: splits.  \\[default: split]")] = None,
    group: Annotated[
        str | None, typer.Option(metavar="COLUMN", help="table: groups of one split each.  \\[default: artist]")
    ] = None,
    new_split: Annotated[
        int | None,
        typer.Option(
            min=0,
            metavar="SEED",
            help="table: split 80 : 10 : 10 into train, valid and test by artist, with this random seed.",
        ),
    ] = None,
    tags: Annotated[
        int | None, typer.Option(min=1, metavar="N", help="mtat: the most frequent tags, up to 188.  \\[default: 50]")
    ] = None,
    sample_rate: Annotated[
        int, typer.Option(min=100, max=10_000_000, metavar="HZ", help="Sample rate of the store.")
    ] = 16000,
    workers: Workers = None,
    shard_seconds: Annotated[
        float, typer.Option(min=1, metavar="SECONDS", help="Maximum length of a shard.")
    ] = 36000.0,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only list the files to decode.")] = False,
) -> None:
    """Decode clips once, into a store for training.

    An interrupted run resumes. A file that cannot be decoded is reported and skipped; the exit code is then 1. Needs
    the train extra.
    """
    from taggram import datasets
    from taggram._progress import progress
    from taggram.datasets.published.mtat import MTAT

    columns: dict[str, Any] = {"id": id_, "labels": labels and [part.strip() for part in labels.split(",")]}
    columns |= {"split": split, "group": group}
    has_columns = any(columns.values())
    if name != TABLE and (has_columns or new_split is not None):
        options = "--id, --labels, --split, --group and --new-split"
        raise typer.BadParameter(f"{name} has tags and splits of its own: {options} are for {TABLE}")
    if tags is not None and name != MTAT.name:
        raise typer.BadParameter(f"--tags is for {MTAT.name}")
    if has_columns and path.is_dir():
        raise typer.BadParameter("--id, --labels, --split and --group name columns of a table, not of a folder")
    if tags is not None:
        index = MTAT().with_tags(path, protocol, top=tags)[1]
    else:
        index = datasets.list_table(path, **columns) if has_columns else datasets.dataset(name).index(path, protocol)
    for line in index.warnings:
        print(f"warning: {printable(line)}", file=sys.stderr)
    if new_split is not None:
        index = datasets.artist_split(index, seed=new_split)
    if dry_run:
        _list(index, store, sample_rate)
        return
    summary = datasets.pack(
        index,
        store,
        sample_rate=sample_rate,
        workers=workers or cpu_count(),
        shard_seconds=shard_seconds,
        report=show_result,
        progress=progress,
    )
    print(f"{count(len(index.clips), 'clip')}: {summary} in {encode_path(str(store))}")
    if summary.failed:
        raise typer.Exit(1)


def _list(index: ClipIndex, store: Path, sample_rate: int) -> None:
    from taggram.datasets import missing_clips

    n = missing = 0
    for clip in missing_clips(index, store, sample_rate):
        file = index.file(clip)
        n += 1
        if file.is_file():
            print(encode_path(str(file)))
        else:
            missing += 1
            print(f"error: {printable(str(file))} does not exist: check the path", file=sys.stderr)
    print(f"{count(len(index.clips), 'clip')}, {n} to pack, {missing} of them missing", file=sys.stderr)
    if missing:
        raise typer.Exit(1)
