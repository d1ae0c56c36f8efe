"""The manifest of a store: one row per clip, as a Parquet file that any tool can read."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from taggram._system import sync_folder
from taggram.datasets.journal import FILE_NAME as JOURNAL
from taggram.datasets.journal import VERSION, Entry
from taggram.datasets.listing import Listed
from taggram.errors import DatasetError, MissingExtraError

__all__ = ["FILE_NAME", "Manifest", "Texts", "require_parquet", "write_manifest"]

FILE_NAME = "manifest.parquet"
ROWS = 65536  # of a row group: what of a column lies in memory twice while it is read
_NUMBERS = ("shard", "offset", "length")
_COLUMNS = ("id", "path", "split", "labels", "group", "duration", "warning", "hash", *_NUMBERS)

Texts = npt.NDArray[np.object_]


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
        parquet.write_table(pa.table(columns, schema), file, row_group_size=ROWS)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(folder / FILE_NAME)
    sync_folder(folder)


class Manifest:
    """The manifest of a store, held open; a column is read when it is asked for.

    Parameters
    ----------
    folder
        The store.

    Attributes
    ----------
    sample_rate : int
        In Hz.

    Raises
    ------
    DatasetError
        If there is none, or it is malformed or of another version; so do the methods.
    """

    def __init__(self, folder: Path) -> None:
        require_parquet()
        from pyarrow import parquet

        self._path = folder / FILE_NAME
        if not self._path.is_file():
            if (folder / JOURNAL).is_file():
                raise DatasetError(f"{folder} is not packed to its end: run the same taggram data pack again")
            raise DatasetError(f"{folder} is no packed store: make one with taggram data pack")
        with self._well_formed():
            self._file = parquet.ParquetFile(self._path, memory_map=True)
            metadata = self._file.schema_arrow.metadata or {}
            version = metadata.get(b"taggram_store", b"?").decode()
            if version != str(VERSION):
                raise DatasetError(f"{folder} is a store of version {version}, not {VERSION}: pack it again")
            self.sample_rate = int(metadata[b"sample_rate"])
            for name in _COLUMNS:
                self._file.schema_arrow.field(name)  # raises if there is none

    def numbers(self, name: str) -> npt.NDArray[Any]:
        """Read a column of numbers."""
        with self._well_formed():
            return np.concatenate([np.empty(0, np.int64), *map(np.from_dlpack, self._parts(name))])

    def texts(self, name: str) -> Texts:
        """Read a column of text."""
        with self._well_formed():
            return np.concatenate([np.empty(0, object), *map(_texts, self._parts(name))])

    def labels(self) -> tuple[tuple[str, ...], ...]:
        """Read the labels of each clip."""
        labels: list[tuple[str, ...]] = []
        with self._well_formed():
            for part in self._parts("labels"):
                names = _texts(part.values).tolist()
                labels += [tuple(names[begin:end]) for begin, end in pairwise(np.from_dlpack(part.offsets).tolist())]
        return tuple(labels)

    def _parts(self, name: str) -> Iterator[Any]:
        """Read a column as Arrow arrays, one row group after the other."""
        for group in range(self._file.num_row_groups):
            yield from self._file.read_row_group(group, columns=[name]).column(name).chunks

    @contextmanager
    def _well_formed(self) -> Iterator[None]:
        try:
            yield
        except (ValueError, KeyError, TypeError, OSError) as error:  # Arrow's errors are among them
            raise DatasetError(f"{self._path} is malformed: run the same taggram data pack again") from error


def _texts(array: Any) -> Texts:
    """Make one Python string of each different text of an Arrow array, however often it comes."""
    coded = array.dictionary_encode()
    texts: Texts = np.array(coded.dictionary.to_pylist(), object)[np.from_dlpack(coded.indices)]
    return texts


def _plain(text: str) -> str:
    """Spell the bytes of a file name that are no UTF-8 as escapes."""
    return text.encode("utf-8", "backslashreplace").decode()
