"""``taggram data show``: the contents of a packed store."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Annotated

import typer

from taggram.cli.data.arguments import count


def show(
    store: Annotated[Path, typer.Argument(help="Folder of the store.")],
    top: Annotated[int | None, typer.Option(min=1, help="Only the most frequent labels.  \\[default: all]")] = None,
) -> None:
    """Show the size, splits and labels of a packed store."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    from taggram.datasets import PackedStore

    packed = PackedStore(store)
    clips = packed.clips
    damaged = sum(map(bool, clips.warnings))
    hours = clips.durations.sum() / 3600
    print(f"{count(len(packed), 'clip')}, {hours:.2f} h at {packed.sample_rate} Hz, {damaged} damaged")
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
