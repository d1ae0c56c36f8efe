"""A cache of fingerprints on disk, by audio file and model."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np
from numpy.typing import NDArray

from taggram.errors import DatasetError

__all__ = ["FingerprintCache"]

BATCH = 64  # fingerprints per commit


class FingerprintCache:
    """Fingerprints in an SQLite database; an entry is valid while the size and time of its file are unchanged.

    Parameters
    ----------
    database
        The file; created if missing.
    model
        Identifies the model of the embeddings, such as by the SHA-256 of its file.

    Raises
    ------
    DatasetError
        If the database cannot be opened.
    """

    def __init__(self, database: Path, model: str) -> None:
        self._model, self._pending = model, 0
        try:
            database.parent.mkdir(parents=True, exist_ok=True)
            self._connection = sqlite3.connect(database, timeout=60)
            self._connection.execute(
                "CREATE TABLE IF NOT EXISTS fingerprints (model TEXT, path TEXT, size INTEGER, mtime_ns INTEGER, "
                "file TEXT, samples TEXT, embedding BLOB, PRIMARY KEY (model, path))"
            )
        except (OSError, sqlite3.Error) as error:
            raise DatasetError(
                f"{database} cannot be used as a cache ({error}): delete it, or check its folder"
            ) from None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._connection.commit()
        self._connection.close()

    def get(self, file: Path) -> tuple[str, str, NDArray[np.float32]] | None:
        """Return the file hash, sample hash and embedding of a file that exists; None if there is no valid entry."""
        row = self._connection.execute(
            "SELECT size, mtime_ns, file, samples, embedding FROM fingerprints WHERE model = ? AND path = ?",
            (self._model, os.path.abspath(file)),
        ).fetchone()
        if row is None or row[:2] != _state(file):
            return None
        return row[2], row[3], np.frombuffer(row[4], np.float32)

    def put(self, file: Path, file_hash: str, sample_hash: str, embedding: NDArray[np.float32]) -> None:
        """Store the fingerprint of a file."""
        row = (self._model, os.path.abspath(file), *_state(file), file_hash, sample_hash, embedding.tobytes())
        self._connection.execute("INSERT OR REPLACE INTO fingerprints VALUES (?, ?, ?, ?, ?, ?, ?)", row)
        self._pending += 1
        if self._pending % BATCH == 0:
            self._connection.commit()


def _state(file: Path) -> tuple[int, int]:
    status = file.stat()
    return status.st_size, status.st_mtime_ns
