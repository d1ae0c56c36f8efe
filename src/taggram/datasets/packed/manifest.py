"""The manifest of a store: a Parquet file with one row per clip."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from taggram._files import atomic_file
from taggram._system import sync_folder
from taggram._text import encode_path, escape_surrogates
from taggram.datasets.index import ClipInfo
from taggram.datasets.packed.journal import FILE_NAME as JOURNAL
from taggram.datasets.packed.journal import VERSION, Entry
from taggram.errors import DatasetError, MissingExtraError

__all__ = ["FILE_NAME", "Manifest", "Texts", "require_parquet", "write_manifest"]

FILE_NAME = "manifest.parquet"
ROWS = 65536  # of a row group, the part of a column that is held in memory twice while reading
_NUMBERS = ("shard", "offset", "length")
_COLUMNS = ("id", "path", "split", "labels", "group", "duration", "warning", "hash", *_NUMBERS)

Texts = NDArray[np.object_]


def require_parquet() -> None:
    """Raise an error unless pyarrow is installed."""
    try:
        import pyarrow.parquet  # noqa: F401
    except ModuleNotFoundError:
        raise MissingExtraError("the packed store", "train") from None


def write_manifest(folder: Path, sample_rate: int, rows: Sequence[tuple[ClipInfo, Entry]]) -> None:
    """Write the manifest, replacing an old one atomically.

    Parameters
    ----------
    folder
        Folder of the store.
    sample_rate
        In Hz.
    rows
        The clips and their positions.
    """
    import pyarrow as pa
    from pyarrow import parquet

    columns: dict[str, Any] = {
        "id": [escape_surrogates(clip.id) for clip, _ in rows],
        "path": [encode_path(clip.path) for clip, _ in rows],
        "split": [escape_surrogates(clip.split) for clip, _ in rows],
        "labels": [[escape_surrogates(label) for label in clip.labels] for clip, _ in rows],
        "group": [escape_surrogates(clip.group) for clip, _ in rows],
        "duration": [entry.length / sample_rate for _, entry in rows],
        "warning": [escape_surrogates(entry.warning) for _, entry in rows],
        "hash": [entry.hash for _, entry in rows],
        **{name: [getattr(entry, name) for _, entry in rows] for name in _NUMBERS},
    }
    types = {"duration": pa.float64(), "labels": pa.list_(pa.string()), **dict.fromkeys(_NUMBERS, pa.int64())}
    schema = pa.schema(
        [(name, types.get(name, pa.string())) for name in columns],
        {"taggram_store": str(VERSION), "sample_rate": str(sample_rate)},
    )
    # Arrow opens only files whose names are UTF-8, so it gets an open one.
    with atomic_file(folder / FILE_NAME) as scratch, scratch.open("wb") as file:
        parquet.write_table(pa.table(columns, schema), file, row_group_size=ROWS)
    sync_folder(folder)


class Manifest:
    """The manifest of a store; columns are read on demand.

    Parameters
    ----------
    folder
        Folder of the store.

    Attributes
    ----------
    sample_rate : int
        In Hz.

    Raises
    ------
    DatasetError
        If it is missing, malformed or of another version; the methods raise it, too.
    """

    def __init__(self, folder: Path) -> None:
        require_parquet()
        import pyarrow as pa
        from pyarrow import parquet

        self._path = folder / FILE_NAME
        if not self._path.is_file():
            if (folder / JOURNAL).is_file():
                raise DatasetError(f"{folder} is packed in part: run the same taggram data pack again")
            raise DatasetError(f"{folder} is no packed store: make one with taggram data pack")
        with self._well_formed():
            self._file = parquet.ParquetFile(pa.BufferReader(np.memmap(self._path, mode="r")))
            metadata = self._file.schema_arrow.metadata or {}
            version = metadata.get(b"taggram_store", b"?").decode()
            if version != str(VERSION):
                raise DatasetError(f"{folder} is a store of version {version}, not {VERSION}: pack it again")
            self.sample_rate = int(metadata[b"sample_rate"])
            for name in _COLUMNS:
                self._file.schema_arrow.field(name)  # raises if there is none

    def numbers(self, name: str) -> NDArray[Any]:
        """Read a column of numbers."""
        with self._well_formed():
            return np.concatenate([np.empty(0, np.int64), *map(np.from_dlpack, self._parts(name))])

    def texts(self, name: str) -> Texts:
        """Read a column of text."""
        with self._well_formed():
            return np.concatenate([np.empty(0, object), *map(_texts, self._parts(name))])

    def labels(self) -> tuple[tuple[str, ...], ...]:
        """Read the labels of all clips."""
        labels: list[tuple[str, ...]] = []
        with self._well_formed():
            for part in self._parts("labels"):
                names = _texts(part.values).tolist()
                labels += [tuple(names[begin:end]) for begin, end in pairwise(np.from_dlpack(part.offsets).tolist())]
        return tuple(labels)

    def _parts(self, name: str) -> Iterator[Any]:
        """Read a column as Arrow arrays, one row group after another."""
        for group in range(self._file.num_row_groups):
            yield from self._file.read_row_group(group, columns=[name]).column(name).chunks

    @contextmanager
    def _well_formed(self) -> Iterator[None]:
        try:
            yield
        except (ValueError, KeyError, TypeError, OSError) as error:  # the bases of Arrow's errors
            raise DatasetError(f"{self._path} is malformed: run the same taggram data pack again") from error


def _texts(array: Any) -> Texts:
    """Convert an Arrow array to Python strings, creating each distinct string once."""
    coded = array.dictionary_encode()
    texts: Texts = np.array(coded.dictionary.to_pylist(), object)[np.from_dlpack(coded.indices)]
    return texts
