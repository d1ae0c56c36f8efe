"""An index from a table with one row per clip: CSV, TSV, JSON lines or Parquet."""

from __future__ import annotations

import json
import os
import re
import unicodedata
from collections.abc import Sequence
from itertools import islice
from pathlib import Path
from typing import Any

from taggram._delimited import read_delimited
from taggram._text import decode_path, encode_path, escape_surrogates
from taggram.datasets.index import ClipIndex, ClipInfo
from taggram.errors import DatasetError, MissingExtraError

__all__ = ["list_table", "read_table"]

Row = dict[str, Any]

NAMES = ("artist", "album", "title")
# How pandas, databases and spreadsheets write that there is no value.
MISSING = ("nan", "NaN", "None", "null", "NULL", "<NA>", "N/A", "n/a", "#N/A")
NUMBER = re.compile(r"[+-]?\d*[.,]?\d+([eE][+-]?\d+)?|true|false", re.IGNORECASE)
BINARY = re.compile(r"[01](\.0+)?|true|false|yes|no", re.IGNORECASE)
PYTHON_LIST = re.compile(r"""[\[({]\s*(['"].*['"]\s*,?\s*)?[\])}]""", re.DOTALL)


def list_table(
    table: str | os.PathLike[str],
    *,
    id: str | None = None,  # noqa: A002 - the name of the column
    labels: Sequence[str] | None = None,
    split: str | None = None,
    group: str | None = None,
) -> ClipIndex:
    r"""List the clips of a table.

    The column ``path`` has the audio files, relative to the table's folder; a name that is not valid UTF-8 has
    ``\udcXX`` in place of each other byte, with the byte in hexadecimal. All other columns are optional. Values such
    as ``nan``, ``None`` and ``null``, also in lists, are empty.

    Parameters
    ----------
    table
        A .csv, .tsv, .jsonl or .parquet file. Text is UTF-8. CSV and TSV start with a row of column names; the
        delimiter, which is a comma, semicolon or tab, is the one by which this row has the column ``path``.
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
        In the order of the rows. Everything but paths is in NFC. `ClipIndex.warnings` mentions labels that look like
        lists in another form, and a table that has no column of labels but other columns.

    Raises
    ------
    DatasetError
        If the table cannot be read, or lacks a given column, a path, or unique ids, or if labels are only numbers.
    """
    file = Path(table)
    rows = read_table(file)
    columns = list(dict.fromkeys(name for row in rows for name in row))

    def column(name: str | None, default: str) -> str | None:
        if name is not None and _nfc(name) not in columns:
            raise DatasetError(f"{file} has no column {name!r}; it has {', '.join(columns)}")
        return _nfc(name) if name is not None else default if default in columns else None

    def text(number: int, name: str | None) -> str:
        value = None if name is None else rows[number].get(name)
        if isinstance(value, list | dict | bytes):
            raise DatasetError(f"{file}: clip {number + 1}: {name} must be text, not {value!r}")
        return _text(value)

    id_column, split_column, group_column = column(id, "id"), column(split, "split"), column(group, "artist")
    label_columns = [column(name, "labels") for name in (labels if labels is not None else [None])]
    label_values = {name: _read_labels(file, name, rows) for name in filter(None, label_columns)}
    clips = []
    for number, row in enumerate(rows):
        if not text(number, "path"):
            raise DatasetError(f"{file}: clip {number + 1} has no path")
        path = decode_path(str(row["path"]).strip())
        clips.append(
            ClipInfo(
                id=text(number, id_column) or _nfc(encode_path(path)),
                path=path,
                split=text(number, split_column),
                labels=tuple(dict.fromkeys(label for values in label_values.values() for label in values[number])),
                group=text(number, group_column),
                **{name: text(number, name) for name in NAMES},
            )
        )
    warnings = [line for name, values in label_values.items() for line in _list_warnings(file, name, values)]
    if label_columns == [None]:
        used = {"", "path", id_column, split_column, group_column, *NAMES}
        warnings += _no_labels_warning(file, [name for name in columns if name not in used], rows)
    try:
        return ClipIndex(file.parent, tuple(clips), tuple(warnings))
    except DatasetError as error:
        raise DatasetError(f"{file}: {error}") from None


def read_table(file: Path) -> list[Row]:
    """Read the rows of a table by column name; the values are text, except in JSON lines and Parquet.

    Parameters
    ----------
    file
        As for `list_table`.

    Raises
    ------
    DatasetError
        If the table cannot be read, or has no column ``path`` or no rows.
    """
    read = FORMATS.get(file.suffix.lower())
    if read is None:
        raise DatasetError(f"{file} is no clip table: use one of {', '.join(FORMATS)}")
    try:
        rows = [{_nfc(name.strip()): value for name, value in row.items()} for row in read(file)]
    except OSError as error:
        raise DatasetError(f"{file} cannot be read ({error.strerror or error}): check the path") from error
    except UnicodeDecodeError:
        raise DatasetError(f"{file} is malformed: it is not in UTF-8: save it as UTF-8") from None
    except ValueError as error:  # base of JSON and Arrow errors
        raise DatasetError(f"{file} is malformed: {' '.join(str(error).split())}") from error
    if not rows:
        raise DatasetError(f"{file} has no rows")
    if not any("path" in row for row in rows):
        names = ", ".join(dict.fromkeys(name for row in rows for name in row))
        raise DatasetError(f"{file} has no column 'path' with the audio files; it has {names}")
    return rows


def _delimited(file: Path) -> list[Row]:
    rows: list[Row] = [*read_delimited(file, "path")]
    return rows


def _json_lines(file: Path) -> list[Row]:
    rows = []
    for number, line in enumerate(file.read_bytes().decode("utf-8-sig").split("\n"), 1):
        if line.strip():
            try:
                row = json.loads(line)
            except (ValueError, RecursionError) as error:
                raise ValueError(f"line {number}: {getattr(error, 'msg', error)}") from error
            if not isinstance(row, dict):
                raise ValueError(f"line {number} is not a JSON object")
            rows.append(row)
    return rows


def _parquet(file: Path) -> list[Row]:
    try:
        from pyarrow import parquet
    except ModuleNotFoundError:
        raise MissingExtraError("a Parquet table", "train") from None
    with file.open("rb") as stream:
        rows: list[Row] = parquet.ParquetFile(stream).read().to_pylist()
    return rows


FORMATS = {".csv": _delimited, ".tsv": _delimited, ".jsonl": _json_lines, ".parquet": _parquet}


def _nfc(text: str) -> str:
    return unicodedata.normalize("NFC", text)


def _text(value: object) -> str:
    """Return a value as text; empty if there is none."""
    if value is None or value != value:  # NaN
        return ""
    text = _nfc(escape_surrogates(str(value).strip()))
    return "" if text in MISSING else text


def _read_labels(file: Path, column: str, rows: Sequence[Row]) -> list[list[str]]:
    """Return the labels of each row in a column."""
    labels = []
    for number, row in enumerate(rows, 1):
        value = row.get(column)
        parts = value if isinstance(value, list) else value.split(";") if isinstance(value, str) else [value]
        for part in parts:
            if not isinstance(part, str | int | float | None):
                raise DatasetError(f"{file}: clip {number}: a label must be text, not {part!r}")
        labels.append(list(filter(None, map(_text, parts))))
    distinct = {label for values in labels for label in values}
    if distinct and all(map(NUMBER.fullmatch, distinct)):
        remedy = "give a column of names; a year or another number becomes one by a letter, as in 1990s"
        if all(map(BINARY.fullmatch, distinct)):
            remedy = "write the names of the columns with 1 into one column labels, separated by ;"
        raise DatasetError(f"{file}: the labels in the column {column!r} are only numbers ({min(distinct)}): {remedy}")
    return labels


def _list_warnings(file: Path, column: str, labels: Sequence[Sequence[str]]) -> list[str]:
    """Return a warning if labels look like lists in another form than that of tables."""
    single = max(map(len, labels)) < 2
    lists = (
        label
        for values in labels
        for label in values
        if PYTHON_LIST.fullmatch(label) or (single and re.search(r"\S[,|]\s*\S", label))
    )
    return [
        f"{file}: {text} in the column {column!r} is read as one label: separate labels by ; without brackets and "
        "quotes, or use lists in JSON lines"
        for text in islice(lists, 1)
    ]


def _no_labels_warning(file: Path, others: Sequence[str], rows: Sequence[Row]) -> list[str]:
    """Return a warning if a table without a column of labels has other columns."""
    if not others:
        return []
    values = {name: {_text(row.get(name)) for row in rows} - {""} for name in others}
    binary = [name for name, texts in values.items() if texts and all(map(BINARY.fullmatch, texts))]
    remedy = f"choose columns of labels among {', '.join(others)}"
    if binary:
        remedy = (
            f"columns of 0 and 1 ({', '.join(binary)}) are not read; write the names of those with 1 into a column "
            "labels, separated by ;"
        )
    return [f"{file} has no column 'labels', so no clip has a label: {remedy}"]
