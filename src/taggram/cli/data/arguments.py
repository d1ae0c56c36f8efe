"""What the verbs of ``taggram data`` have in common."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

Name = Annotated[str, typer.Argument(help="A data set; see: taggram data list")]
Place = Annotated[Path, typer.Argument(help="Folder of the data set as it is published; of table: a folder or table.")]
Protocol = Annotated[
    str | None, typer.Option(metavar="NAME", help="Clips, tags and split of this protocol.  \\[default: the usual one]")
]
Workers = Annotated[
    int | None, typer.Option(min=1, help="Processes that decode.  \\[default: the cores]", show_default=False)
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]


def count(n: int, what: str) -> str:
    """Say how many there are of something."""
    return f"{n} {what}{'' if n == 1 else 's'}"
