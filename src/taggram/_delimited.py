"""Tables as delimited text: CSV with commas, semicolons or tabs."""

from __future__ import annotations

import csv
import unicodedata
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

__all__ = ["read_delimited"]

DELIMITERS = (",", ";", "\t")
SHOWN = 200  # characters of a header in an error message


def read_delimited(file: Path, column: str) -> list[dict[str, str]]:
    """Read a table with a header row.

    The delimiter is the one that gives the header the column `column`. Values may be quoted; spaces around them and
    rows without any value are ignored. Column names are in NFC.

    Parameters
    ----------
    file
        In UTF-8, with or without a byte order mark.
    column
        A required column.

    Returns
    -------
    list of dict
        The values of each row by column.

    Raises
    ------
    OSError
        If the file cannot be read.
    ValueError
        If it is not in UTF-8, has no such column, a column twice, or a row with another number of values.
    """
    try:
        with file.open(encoding="utf-8-sig", newline="") as text:
            for delimiter in DELIMITERS:
                text.seek(0)
                rows = csv.reader(text, delimiter=delimiter, skipinitialspace=True, strict=True)
                names = _header(rows)
                if column in names:
                    return list(_rows(rows, names))
            text.seek(0)
            header = next(filter(str.strip, text), "").strip()[:SHOWN]
    except UnicodeDecodeError:
        raise ValueError("it is not in UTF-8: save it as UTF-8") from None
    raise ValueError(f"its first line has no column {column!r}: {header!r}")


def _header(rows: Iterator[list[str]]) -> list[str]:
    """Return the column names; none if the row is malformed, because it has another delimiter."""
    try:
        return [unicodedata.normalize("NFC", name.strip()) for name in next(filter(any, rows), [])]
    except csv.Error:
        return []


def _rows(rows: Any, names: list[str]) -> Iterator[dict[str, str]]:
    """Yield the rows of a `csv.reader` after its header."""
    for name, times in Counter(filter(None, names)).items():
        if times > 1:
            raise ValueError(f"it has {times} columns {name!r}: rename one")
    try:
        for row in rows:
            values = [value.strip() for value in row]
            if any(values):
                if len(values) != len(names):
                    raise ValueError(f"line {rows.line_num} has more or fewer values than columns")
                yield dict(zip(names, values, strict=True))
    except csv.Error as error:
        raise ValueError(f"line {rows.line_num}: {error}") from error
