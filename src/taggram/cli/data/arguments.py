"""Arguments that verbs of ``taggram data`` share."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from taggram.errors import DatasetError


def check_readable(path: Path | None) -> Path | None:
    """Raise an error for a path without permission, which is no wrong usage: the exit code is 1."""
    try:
        denied = path is not None and path.exists() and not os.access(path, os.R_OK)
    except PermissionError:  # of a folder that it is in
        denied = True
    if denied:
        raise DatasetError(f"{path} cannot be read: check its permissions")
    return path


Name = Annotated[str, typer.Argument(help="A data set; see: taggram data list")]
Folder = Annotated[
    Path,
    typer.Argument(
        readable=False,
        callback=check_readable,
        help="Folder of the data set as published; of table: a folder or table.",
    ),
]
Protocol = Annotated[
    str | None, typer.Option(metavar="NAME", help="Protocol: clips, tags and split.  \\[default: the first]")
]
Workers = Annotated[
    int | None, typer.Option(min=1, help="Decoding processes.  \\[default: the cores]", show_default=False)
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]


def count(n: int, noun: str) -> str:
    """Format a number with its noun."""
    return f"{n} {noun}{'' if n == 1 else 's'}"
