"""CSV files whose columns have names on several levels, one row each, as pandas writes and reads them."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from taggram.errors import DatasetError

__all__ = ["read_levels", "write_levels"]

Name = tuple[str, ...]

LONGEST = 1 << 24  # characters of a value: biographies of artists are long


def read_levels(file: Path, columns: Sequence[Name], index: str) -> Iterator[list[str]]:
    """Read some columns of such a file.

    Parameters
    ----------
    file
        In UTF-8. Its first rows hold the names, one level each; where there are several, a row with the name of the
        first column alone follows.
    columns
        Names of the columns, as many levels each as the file has.
    index
        Name of the first column.

    Yields
    ------
    list of str
        Of each row what is in the first column, then what is in the others.

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
            places = [0, *(_place(names, name, file) for name in columns)]
            for row in rows:
                if len(row) != len(names):
                    raise csv.Error(f"line {rows.line_num} has {len(row)} values, not {len(names)}")
                if row[0] != index:
                    yield [row[place] for place in places]
    except OSError as error:
        raise DatasetError(f"{file} cannot be read ({error.strerror or error}): check the path") from error
    except (ValueError, csv.Error) as error:
        raise DatasetError(f"{file} is malformed: {' '.join(str(error).split())}; get it again") from error


def _place(names: Sequence[Name], name: Name, file: Path) -> int:
    if name not in names:
        raise DatasetError(f"{file} has no column {'.'.join(name)}: it is another file or another version of it")
    return names.index(name)


def write_levels(file: Path, columns: Sequence[Name], index: str, rows: Iterable[Sequence[str]]) -> None:
    """Write a file that `read_levels` reads; each row begins with what is in the first column."""
    levels = [*zip(*columns, strict=True)]
    with file.open("w", encoding="utf-8", newline="") as text:
        writer = csv.writer(text, lineterminator="\n")
        if len(levels) == 1:
            writer.writerow([index, *levels[0]])
        else:
            writer.writerows(["", *level] for level in levels)
            writer.writerow([index, *("" for _ in columns)])
        writer.writerows(rows)
