"""Export of a library as a table."""

from __future__ import annotations

import csv
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from taggram._files import atomic_file
from taggram.errors import LibraryError, MissingExtraError
from taggram.library.library import Library

__all__ = ["export"]

FORMATS = (".csv", ".json", ".parquet")


def export(library: Library, file: str | os.PathLike[str], *, model: str | None = None) -> int:
    """Write what is known of each track: its path, what its tags say, and the probability of each tag.

    Parameters
    ----------
    library
        The library.
    file
        ``.csv`` and ``.parquet`` get a column per tag, ``.json`` one object per line.
    model
        As in `Library.search`.

    Returns
    -------
    int
        Number of tracks.

    Raises
    ------
    LibraryError
        If the suffix is another one, or the file cannot be written.
    MissingExtraError
        For Parquet without the [train] extra.
    """
    target = Path(file)
    if target.suffix.lower() not in FORMATS:
        raise LibraryError(f"{target} has no format that a library can be exported to; use one of {', '.join(FORMATS)}")
    write = {".csv": _write_csv, ".json": _write_json, ".parquet": _write_parquet}[target.suffix.lower()]
    try:
        with atomic_file(target) as part:
            return write(library.rows(model=model), part)
    except OSError as error:
        raise LibraryError(f"{target} cannot be written ({(error.strerror or str(error)).lower()})") from error


def _wide(row: dict[str, Any]) -> dict[str, Any]:
    tags = {entry["tag"]: entry["probability"] for entry in sorted(row.pop("tags"), key=lambda entry: entry["tag"])}
    return row | tags


def _write_csv(rows: Iterator[dict[str, Any]], file: Path) -> int:
    count = 0
    with file.open("w", encoding="utf-8", newline="") as text:
        for row in map(_wide, rows):
            if not count:
                writer = csv.DictWriter(text, row, lineterminator="\n")
                writer.writeheader()
            writer.writerow(row)
            count += 1
    return count


def _write_json(rows: Iterator[dict[str, Any]], file: Path) -> int:
    count = 0
    with file.open("w", encoding="utf-8") as text:
        for row in rows:
            text.write(json.dumps(row, ensure_ascii=False) + "\n")
            count += 1
    return count


def _write_parquet(rows: Iterator[dict[str, Any]], file: Path) -> int:
    try:
        import pyarrow as pa
        import pyarrow.parquet as pq
    except ImportError:
        raise MissingExtraError("a Parquet table", "train") from None
    table = [_wide(row) for row in rows]
    pq.write_table(pa.Table.from_pylist(table), file)
    return len(table)
