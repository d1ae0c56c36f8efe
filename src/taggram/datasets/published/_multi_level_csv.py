"""CSV files with several header rows, as pandas writes them for multi-level columns."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from taggram.errors import DatasetError

__all__ = ["read_levels", "write_levels"]

Name = tuple[str, ...]

LONGEST = 1 << 24  # characters of a value, for biographies of artists


def read_levels(file: Path, columns: Sequence[Name], index: str) -> Iterator[list[str]]:
    """Read some columns of a file.

    Parameters
    ----------
    file
        In UTF-8. Each of the first rows has one level of the column names; with several levels, a row with only the
        name of the first column follows.
    columns
        Names of the columns, each with as many levels as the file.
    index
        Name of the first column.

    Yields
    ------
    list of str
        Of each row, the value of the first column, then those of `columns`.

    Raises
    ------
    DatasetError
        If the file cannot be read, is malformed or lacks a column.
    """
    csv.field_size_limit(LONGEST)
    try:
        with file.open(encoding="utf-8", newline="") as text:
            rows = csv.reader(text, strict=True)
            names = [*zip(*(next(rows, []) for _ in columns[0]), strict=True)]
            positions = [0, *(_position(names, name, file) for name in columns)]
            for row in rows:
                if len(row) != len(names):
                    raise csv.Error(f"line {rows.line_num} has {len(row)} values, not {len(names)}")
                if row[0] != index:
                    yield [row[position] for position in positions]
    except OSError as error:
        raise DatasetError(f"{file} cannot be read ({error.strerror or error}): check the path") from error
    except (ValueError, csv.Error) as error:
        raise DatasetError(f"{file} is malformed: {' '.join(str(error).split())}; download it again") from error


def _position(names: Sequence[Name], name: Name, file: Path) -> int:
    if name not in names:
        raise DatasetError(f"{file} has no column {'.'.join(name)}: it is another file or another version of it")
    return names.index(name)


def write_levels(file: Path, columns: Sequence[Name], index: str, rows: Iterable[Sequence[str]]) -> None:
    """Write a file for `read_levels`; each row starts with the value of the first column."""
    levels = [*zip(*columns, strict=True)]
    with file.open("w", encoding="utf-8", newline="") as text:
        writer = csv.writer(text, lineterminator="\n")
        if len(levels) == 1:
            writer.writerow([index, *levels[0]])
        else:
            writer.writerows(["", *level] for level in levels)
            writer.writerow([index, *("" for _ in columns)])
        writer.writerows(rows)
