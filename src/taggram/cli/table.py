"""Tables with one line per row, for the eye and for other programs."""

from __future__ import annotations

from collections.abc import Sequence


def print_rows(rows: Sequence[tuple[str, ...]]) -> None:
    """Print a table with one line per row; in a terminal, a line that is too long for it is cut off."""
    import shutil
    import sys

    columns = shutil.get_terminal_size((sys.maxsize, 24)).columns
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        line = "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        print(line if len(line) <= columns else f"{line[: columns - 3]}...")
