"""Arguments that verbs of ``taggram data`` share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

Name = Annotated[str, typer.Argument(help="A data set; see: taggram data list")]
Folder = Annotated[Path, typer.Argument(help="Folder of the data set as published; of table: a folder or table.")]
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
