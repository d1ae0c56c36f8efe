"""``taggram data list``: what data sets there are."""

from __future__ import annotations

from typing import Annotated

import typer


def overview(
    json: Annotated[bool, typer.Option("--json", help="Print one line of JSON per data set.")] = False,
) -> None:
    """List the data sets that are known by name.

    Clips are those of the first protocol, as published. Audio is fetched by taggram data get, or to be had by hand, as
    taggram data describe says, or not at all.
    """
    import json as text

    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    from taggram.datasets import dataset, list_datasets

    table = Table("data set", box=None, pad_edge=False)
    table.add_column("clips", justify="right")
    for column in ("audio", "protocols", "licence"):
        table.add_column(column)
    for name in list_datasets():
        known = dataset(name)
        clips = sum(known.protocol().sizes.values()) or None
        protocols = [protocol.name for protocol in known.protocols]
        if json:
            row = {"name": name, "title": known.title, "clips": clips, "protocols": protocols}
            print(text.dumps({**row, "audio": known.audio, "licence": known.licence}, ensure_ascii=False))
        else:
            cells = (name, "" if clips is None else f"{clips:,}", known.audio, ", ".join(protocols), known.licence)
            table.add_row(*map(Text, cells))
    if not json:
        Console().print(table)
