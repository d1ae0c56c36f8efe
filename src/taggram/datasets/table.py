"""An index from a table with one row per clip: CSV, TSV, JSON lines or Parquet."""

from __future__ import annotations

import csv
import json
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from taggram.datasets.index import ClipIndex, ClipInfo
from taggram.errors import DatasetError, MissingExtraError

__all__ = ["FORMATS", "list_table"]

Rows = list[dict[str, Any]]


def list_table(
    table: str | os.PathLike[str],
    *,
    id: str | None = None,  # noqa: A002 - the name of the column
    labels: Sequence[str] | None = None,
    split: str | None = None,
    group: str | None = None,
) -> ClipIndex:
    """List the clips of a table.

    The column ``path`` has the audio files, relative to the table's folder. All other columns are optional.

    Parameters
    ----------
    table
        A .csv, .tsv, .jsonl or .parquet file; text is UTF-8, and CSV and TSV start with a row of column names.
    id
        Column of the ids; by default ``id`` if it exists, else the path.
    labels
        Columns of the labels, by default ``labels`` if it exists. A value is a list, or text separated by ``;``.
    split
        Column of the split, by default ``split`` if it exists.
    group
        Column of the group, by default ``artist`` if it exists. Columns ``artist``, ``album`` and ``title`` are copied.

    Returns
    -------
    ClipIndex
        In the order of the rows.

    Raises
    ------
    DatasetError
        If the table cannot be read, or lacks a given column, a path, or unique ids.
    """
    file = Path(table)
    read = FORMATS.get(file.suffix.lower())
    if read is None:
        raise DatasetError(f"{file} is no clip table: use one of {', '.join(FORMATS)}")
    try:
        rows = read(file)
    except OSError as error:
        raise DatasetError(f"{file} cannot be read ({error.strerror or error}): check the path") from error
    except (ValueError, csv.Error) as error:  # bases of JSON, UTF-8 and Arrow errors
        raise DatasetError(f"{file} is malformed: {' '.join(str(error).split())}") from error
    columns = list(dict.fromkeys(name for row in rows for name in row))
    if "path" not in columns:
        raise DatasetError(f"{file} has no column 'path' with the audio files" if rows else f"{file} has no rows")

    def column(name: str | None, default: str) -> str | None:
        if name is not None and name not in columns:
            raise DatasetError(f"{file} has no column {name!r}; it has {', '.join(columns)}")
        return name or (default if default in columns else None)

    id_column, split_column, group_column = column(id, "id"), column(split, "split"), column(group, "artist")
    label_columns = [column(name, "labels") for name in (labels if labels is not None else [None])]
    clips = []
    for number, row in enumerate(rows, 1):
        path = _text(row, "path")
        if not path:
            raise DatasetError(f"{file}: clip {number} has no path")
        clips.append(
            ClipInfo(
                id=_text(row, id_column) or path,
                path=path,
                split=_text(row, split_column),
                labels=tuple(dict.fromkeys(label for name in label_columns for label in _labels(row, name))),
                group=_text(row, group_column),
                **{name: _text(row, name) for name in ("artist", "album", "title")},
            )
        )
    return ClipIndex(file.parent, tuple(clips))


def _text(row: Mapping[str, Any], column: str | None) -> str:
    value = row.get(column) if column else None
    return "" if value is None else str(value).strip()


def _labels(row: Mapping[str, Any], column: str | None) -> Iterable[str]:
    value = row.get(column) if column else None
    parts = value if isinstance(value, list) else _text(row, column).split(";")
    return filter(None, (str(part).strip() for part in parts))


def _delimited(delimiter: str) -> Callable[[Path], Rows]:
    def read(file: Path) -> Rows:
        with file.open(encoding="utf-8-sig", newline="") as text:
            reader = csv.DictReader(text, delimiter=delimiter, strict=True)
            rows = []
            for row in reader:
                if None in row or None in row.values():
                    raise csv.Error(f"line {reader.line_num} has more or fewer values than columns")
                rows.append(row)
        return rows

    return read


def _json_lines(file: Path) -> Rows:
    rows = []
    for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), 1):
        if line.strip():
            row = json.loads(line)
            if not isinstance(row, dict):
                raise ValueError(f"line {number} is not a JSON object")
            rows.append(row)
    return rows


def _parquet(file: Path) -> Rows:
    try:
        from pyarrow import parquet
    except ModuleNotFoundError:
        raise MissingExtraError("a Parquet table", "train") from None
    rows: Rows = parquet.ParquetFile(file).read().to_pylist()
    return rows


FORMATS = {".csv": _delimited(","), ".tsv": _delimited("\t"), ".jsonl": _json_lines, ".parquet": _parquet}
