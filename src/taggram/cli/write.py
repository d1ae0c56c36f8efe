"""``taggram write`` and ``taggram undo``: tags in files."""

from __future__ import annotations

import sys
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from taggram._text import counted, printable
from taggram.cli.library import File, Model
from taggram.cli.render import from_here

if TYPE_CHECKING:
    from taggram.errors import TaggramError
    from taggram.library import Change

KeepTimes = Annotated[bool, typer.Option("--keep-times", help="Keep the modification times of the files.")]


def write(
    paths: Annotated[list[str], typer.Argument(metavar="PATH", help="Files and folders of the library.")],
    apply: Annotated[bool, typer.Option("--apply", help="Write. Without it nothing is touched.")] = False,
    fields: Annotated[str, typer.Option(metavar="LIST", help="Fields, with commas: genre, mood, tags.")] = "genre,mood",
    min_: Annotated[
        str, typer.Option("--min", metavar="LEVEL", help="Least level of a tag: maybe, likely or sure.")
    ] = "likely",
    most: Annotated[int, typer.Option("--max", min=1, metavar="N", help="Genres and moods, at most.")] = 3,
    merge: Annotated[bool, typer.Option("--merge", help="Add to the values that a field has.")] = False,
    replace: Annotated[bool, typer.Option("--replace", help="Replace the values that a field has.")] = False,
    keep: Annotated[str, typer.Option(metavar="LIST", help="Values that --replace leaves, with commas.")] = "",
    names: Annotated[
        Path | None,
        typer.Option("--map", metavar="FILE", help="Table of tags and how they are written: tag, tab, name."),
    ] = None,
    sidecar: Annotated[
        bool, typer.Option("--sidecar", help="Write .tags.json files beside the files, and leave those as they are.")
    ] = False,
    keep_times: KeepTimes = False,
    model: Model = None,
    library: File = None,
) -> None:
    """Write genres and moods into files where they have none, or show what would be written.

    Nothing else in a file changes, and taggram undo restores what was there. The exit code is 1 if a file could not be
    written. Needs the tags extra; --sidecar does not.
    """
    from taggram.library import Library, Policy
    from taggram.library.writing.plan import read_names

    if merge and replace:
        raise typer.BadParameter("--merge and --replace exclude each other")
    policy = Policy(
        fields=tuple(filter(None, (field.strip().lower() for field in fields.split(",")))),
        level=min_,  # type: ignore[arg-type]
        most=most,
        mode="merge" if merge else "replace" if replace else "missing",
        keep=frozenset(value.strip().casefold() for value in keep.split(",") if value.strip()),
        names=None if names is None else read_names(names),
        sidecar=sidecar,
    )
    with Library(library, create=False) as music:
        summary = music.write(
            paths, policy, apply=apply, keep_times=keep_times, model=model, on_change=_print, on_error=_print_error
        )
    if summary.run is not None:
        print(f"{counted(len(summary.changes), 'file')} written in run {summary.run}, which can be undone")
    elif apply:
        print("nothing to write")
    else:
        print(f"{counted(len(summary.changes), 'file')} would be written; --apply does so")
    if summary.failed:
        raise typer.Exit(1)


def undo(
    run: Annotated[
        int | None,
        typer.Argument(metavar="RUN", help="Number of the run.  \\[default: the latest]", show_default=False),
    ] = None,
    list_: Annotated[bool, typer.Option("--list", help="List the runs that can be undone.")] = False,
    keep_times: KeepTimes = False,
    library: File = None,
) -> None:
    """Restore the tags that files had before taggram write.

    A file whose genre or mood was changed since is left alone, and the exit code is then 1.
    """
    from taggram.library import Library

    with Library(library, create=False) as music:
        if list_:
            for stored in music.runs():
                started = datetime.fromtimestamp(stored.started)
                print(f"{stored.id}  {started:%Y-%m-%d %H:%M}  {counted(stored.changes, 'file')}")
            return
        summary = music.undo(run, keep_times=keep_times, on_change=_print, on_error=_print_error)
    print(f"{counted(len(summary.changes), 'file')} restored")
    if summary.failed:
        raise typer.Exit(1)


def _print(change: Change) -> None:
    print(printable(from_here(change.path)))
    for field, after in change.after.items():
        before = change.before[field]
        print(f"  {field.upper():5}  {_values(before)} -> {_values(after)}")


def _values(values: list[str]) -> str:
    return printable(", ".join(values)) or "(none)"


def _print_error(_: str, error: TaggramError) -> None:
    print(f"error: {error}", file=sys.stderr)
