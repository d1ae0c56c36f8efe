"""``taggram data list``: the data sets by name."""

from __future__ import annotations

from typing import Annotated

import typer


def overview(
    json: Annotated[bool, typer.Option("--json", help="Print one line of JSON per data set.")] = False,
) -> None:
    """List the data sets.

    Clips are those of the first protocol, as published. Audio is "download" if taggram data download gets it, "manual"
    if taggram data info describes the steps, or "unavailable".
    """
    import json as encoder

    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    from taggram.datasets import dataset, list_datasets

    table = Table("data set", box=None, pad_edge=False)
    table.add_column("clips", justify="right")
    for column in ("audio", "protocols", "licence"):
        table.add_column(column)
    for name in list_datasets():
        data = dataset(name)
        clips = sum(data.protocol().sizes.values()) or None
        protocols = [protocol.name for protocol in data.protocols]
        if json:
            row = {"name": name, "title": data.title, "clips": clips, "protocols": protocols}
            print(encoder.dumps({**row, "audio": data.audio, "licence": data.licence}, ensure_ascii=False))
        else:
            cells = (name, "" if clips is None else f"{clips:,}", data.audio, ", ".join(protocols), data.licence)
            table.add_row(*map(Text, cells))
    if not json:
        Console().print(table)
