"""``taggram library``: scan music, and see what is known of it."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from taggram._text import counted, printable
from taggram.cli.completion import model_names
from taggram.cli.engines import Address, Engine, use_engine
from taggram.cli.times import format_time

NAMES = {"again": "tagged again", "moved": "moved or copied"}

app = typer.Typer(help="Scan music, and see what is known of it.", no_args_is_help=True)

File = Annotated[
    Path | None,
    typer.Option(
        "--library", metavar="FILE", help="The library.  \\[default: library.sqlite in taggram's data folder]"
    ),
]
Model = Annotated[
    str | None,
    typer.Option(
        metavar="NAME",
        help="The model that tagged the tracks.  \\[default: that of the latest scan]",
        autocompletion=model_names,
    ),
]


@app.command()
def scan(
    folders: Annotated[
        list[str], typer.Argument(metavar="FOLDER", help="Folders with music or their URIs, searched recursively.")
    ],
    model: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="Model.  \\[default: default]  Repeatable.", autocompletion=model_names),
    ] = None,
    fast: Annotated[
        bool, typer.Option("--fast", help="Tag 8 evenly spaced segments of each file instead of all.")
    ] = False,
    workers: Annotated[int | None, typer.Option(min=1, help="Number of workers.  \\[default: number of cores]")] = None,
    engine: Engine = "processes",
    address: Address = None,
    library: File = None,
) -> None:
    """Tag the files of folders that the library does not know.

    A scan may be interrupted and goes on where it was. Files that were moved or renamed keep their tags; files that
    are gone keep theirs until they are forgotten. The exit code is 1 if files could not be tagged.
    """
    from taggram._progress import progress
    from taggram._system import cpu_count
    from taggram.library import Library

    failed = False
    with use_engine(engine, address) as cores, Library(library) as music:
        for name in model or ["default"]:
            summary = music.scan(
                folders,
                model=name,
                fast=fast,
                workers=workers or cores or cpu_count(),
                progress=progress,
                on_error=lambda _, error: print(f"error: {error}", file=sys.stderr),
            )
            for line in summary.warnings:
                print(f"warning: {line}", file=sys.stderr)
            counts = {what: getattr(summary, what) for what in ("known", "new", "changed", "again", "moved", "gone")}
            counts = {NAMES.get(what, what): n for what, n in counts.items()} | {"failed": len(summary.failed)}
            prefix = f"{name}: " if model and len(model) > 1 else ""
            print(prefix + ", ".join(f"{n} {what}" for what, n in counts.items() if n or what in ("known", "new")))
            failed |= bool(summary.failed)
    if failed:
        raise typer.Exit(1)


@app.command()
def status(library: File = None) -> None:
    """Print what the library contains."""
    from taggram.library import Library

    with Library(library, create=False) as music:
        found = music.status()
    print(f"{printable(str(found.file))}")
    parts = [counted(found.files, "file"), f"{found.hours:.1f} h of music"]
    parts += [f"{n} {what}" for what, n in (("silent", found.silent), ("gone", found.gone)) if n]
    print(", ".join(parts))
    for name, tracks in found.tracks.items():
        print(f"tagged by {name}: {tracks}")
    for path, error in found.failed.items():
        print(f"failed: {printable(path)}: {error}" if not error.startswith(printable(path)) else f"failed: {error}")


@app.command()
def export(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A .csv, .json (one object per line) or .parquet file.")],
    model: Model = None,
    library: File = None,
) -> None:
    """Write the tracks with what their tags say and the probability of each tag."""
    from taggram.library import Library
    from taggram.library.export import export as write

    with Library(library, create=False) as music:
        print(f"{counted(write(music, file, model=model), 'track')} in {printable(str(file))}")


@app.command()
def forget(
    paths: Annotated[list[str] | None, typer.Argument(metavar="PATH", help="Files and folders.")] = None,
    gone: Annotated[bool, typer.Option("--gone", help="Files that are gone.")] = False,
    library: File = None,
) -> None:
    """Remove files from the library; on the disk they stay."""
    from taggram.library import Library

    if not (paths or gone):
        raise typer.BadParameter("give a PATH or --gone")
    with Library(library, create=False) as music:
        print(f"{music.forget(paths or [], gone=gone)} forgotten")


@app.command()
def verify(library: File = None) -> None:
    """Check the database, and whether the files are as they were scanned; the exit code is 1 if something is wrong."""
    from taggram.library import Library

    with Library(library, create=False) as music:
        problems = music.verify()
    for line in problems:
        print(line)
    print(counted(len(problems), "problem") if problems else "nothing is wrong")
    if problems:
        raise typer.Exit(1)


@app.command()
def index(
    to: Annotated[
        str | None,
        typer.Option(metavar="FOLDER|URI", help="Where to build a new index, such as s3://bucket/folder."),
    ] = None,
    remove: Annotated[bool, typer.Option("--remove", help="Remove the index.")] = False,
    model: Model = None,
    library: File = None,
) -> None:
    """Build or update an index of the embeddings in LanceDB, for more than about 500,000 tracks.

    `taggram similar` and `path` then ask it instead of comparing all embeddings in memory. It needs the [lance] extra.
    """
    from taggram.library import Library

    with Library(library, create=False) as music:
        if remove:
            music.remove_index(model=model)
            print("the index is removed")
            return
        summary = music.index(to, model=model)
    print(f"{summary.recordings} recordings in {printable(summary.place)}, {summary.changed} changes indexed")


@app.command()
def duplicates(model: Model = None, library: File = None) -> None:
    """Print groups of files that seem to hold the same recording: listen before you delete."""
    from taggram.library import Library

    with Library(library, create=False) as music:
        groups = music.duplicates(model=model)
    for group in groups:
        for track in group:
            print(f"{format_time(track.duration):>6}  {printable(track.path)}")
        print()
    print(counted(len(groups), "group"))
