"""The manifest of a store: one row per clip, as a Parquet file that any tool can read."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from taggram.datasets.clips import Clips
from taggram.datasets.journal import FILE_NAME as JOURNAL
from taggram.datasets.journal import VERSION, Entry
from taggram.datasets.listing import Listed
from taggram.datasets.shards import sync_folder
from taggram.errors import DatasetError, MissingExtraError

__all__ = ["FILE_NAME", "read_manifest", "require_parquet", "write_manifest"]

FILE_NAME = "manifest.parquet"
_TEXTS = ("id", "path", "split", "group", "warning", "hash")
_NUMBERS = ("shard", "offset", "length")


def require_parquet() -> None:
    """Make sure that Parquet files can be read and written."""
    try:
        import pyarrow.parquet  # noqa: F401
    except ModuleNotFoundError:
        raise MissingExtraError("the packed store", "train") from None


def write_manifest(folder: Path, sample_rate: int, rows: Sequence[tuple[Listed, Entry]]) -> None:
    """Write the manifest; at any moment the old one or the new one is there.

    Parameters
    ----------
    folder
        The store.
    sample_rate
        In Hz.
    rows
        Its clips, and where they lie.
    """
    import pyarrow as pa
    from pyarrow import parquet

    columns: dict[str, Any] = {
        "id": [_plain(clip.id) for clip, _ in rows],
        "path": [_plain(clip.path) for clip, _ in rows],
        "split": [_plain(clip.split) for clip, _ in rows],
        "labels": [[_plain(label) for label in clip.labels] for clip, _ in rows],
        "group": [_plain(clip.group) for clip, _ in rows],
        "duration": [entry.length / sample_rate for _, entry in rows],
        "warning": [_plain(entry.warning) for _, entry in rows],
        "hash": [entry.hash for _, entry in rows],
        **{name: [getattr(entry, name) for _, entry in rows] for name in _NUMBERS},
    }
    types = {"duration": pa.float64(), "labels": pa.list_(pa.string()), **dict.fromkeys(_NUMBERS, pa.int64())}
    schema = pa.schema(
        [(name, types.get(name, pa.string())) for name in columns],
        {"taggram_store": str(VERSION), "sample_rate": str(sample_rate)},
    )
    draft = folder / f"{FILE_NAME}.draft"
    with draft.open("wb") as file:
        parquet.write_table(pa.table(columns, schema), file)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(folder / FILE_NAME)
    sync_folder(folder)


def read_manifest(folder: Path) -> tuple[Clips, int]:
    """Read the manifest.

    Parameters
    ----------
    folder
        The store.

    Returns
    -------
    clips : Clips
        In the order of the source.
    sample_rate : int
        In Hz.

    Raises
    ------
    DatasetError
        If there is none, or it is malformed or of another version.
    """
    require_parquet()
    from pyarrow import parquet

    path = folder / FILE_NAME
    if not path.is_file():
        if (folder / JOURNAL).is_file():
            raise DatasetError(f"{folder} is not packed to its end: run the same taggram data pack again")
        raise DatasetError(f"{folder} is no packed store: make one with taggram data pack")
    try:
        table = parquet.ParquetFile(path).read()
        metadata = table.schema.metadata or {}
        version = metadata.get(b"taggram_store", b"?").decode()
        if version != str(VERSION):
            raise DatasetError(f"{folder} is a store of version {version}, not {VERSION}: pack it again")
        texts = {name: np.array(table[name].to_pylist(), dtype=object) for name in _TEXTS}
        numbers = {name: table[name].to_numpy() for name in (*_NUMBERS, "duration")}
        labels = tuple(map(tuple, table["labels"].to_pylist()))
        rate = int(metadata[b"sample_rate"])
    except (ValueError, KeyError, TypeError, OSError) as error:  # Arrow's errors are ValueErrors
        raise DatasetError(f"{path} is malformed: run the same taggram data pack again") from error
    clips = Clips(
        ids=texts["id"],
        paths=texts["path"],
        splits=texts["split"],
        labels=labels,
        groups=texts["group"],
        lengths=numbers["length"],
        durations=numbers["duration"],
        warnings=texts["warning"],
        hashes=texts["hash"],
        shards=numbers["shard"],
        offsets=numbers["offset"],
    )
    return clips, rate


def _plain(text: str) -> str:
    """Spell the bytes of a file name that are no UTF-8 as escapes."""
    return text.encode("utf-8", "backslashreplace").decode()
