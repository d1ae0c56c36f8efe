"""The library on disk: files, and the scores and embeddings of what they contain, in one SQLite database."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from taggram._database import Database, DatabaseKind
from taggram.audio.discovery.playlists import is_url
from taggram.audio.discovery.remote import remote_state
from taggram.errors import LibraryError
from taggram.models import ModelCard
from taggram.models.directories import data_dir

__all__ = [
    "FileState",
    "LibraryStore",
    "Recording",
    "StoredFile",
    "StoredModel",
    "StoredPrediction",
    "StoredRun",
    "default_file",
]

APPLICATION = 0x7461676C  # marks the database as a library of taggram
SCHEMA = 2
# Long rows are in a table with row numbers, where a page holds several; their order is that in which files are scanned.
SILENT = "CREATE INDEX silent_recordings ON recordings (content) WHERE silent"
PREDICTIONS = (
    "CREATE TABLE predictions (model INTEGER, content TEXT, segmentation TEXT, scores BLOB, embedding BLOB, "
    "PRIMARY KEY (model, content))",
    "CREATE INDEX predictions_by_segmentation ON predictions (model, content, segmentation)",
)
INDEXES = (
    "CREATE TABLE indexes (model INTEGER PRIMARY KEY, place TEXT NOT NULL, name TEXT NOT NULL, "
    "version INTEGER NOT NULL)",
    # What the index of a model does not know yet.
    "CREATE TABLE unindexed (id INTEGER PRIMARY KEY AUTOINCREMENT, model INTEGER NOT NULL, content TEXT NOT NULL)",
    "CREATE TRIGGER prediction_written AFTER INSERT ON predictions WHEN NEW.model IN (SELECT model FROM indexes) "
    "BEGIN INSERT INTO unindexed (model, content) VALUES (NEW.model, NEW.content); END",
    "CREATE TRIGGER prediction_removed AFTER DELETE ON predictions WHEN OLD.model IN (SELECT model FROM indexes) "
    "BEGIN INSERT INTO unindexed (model, content) VALUES (OLD.model, OLD.content); END",
)
TABLES = (
    "CREATE TABLE files (id INTEGER PRIMARY KEY, path BLOB UNIQUE NOT NULL, size INTEGER, mtime_ns INTEGER, "
    "content TEXT, error TEXT, gone INTEGER NOT NULL DEFAULT 0)",
    "CREATE INDEX files_by_content ON files (content)",
    "CREATE TABLE recordings (content TEXT PRIMARY KEY, duration REAL, silent INTEGER, title TEXT, artist TEXT, "
    "album TEXT, year INTEGER, genre TEXT) WITHOUT ROWID",
    SILENT,
    "CREATE TABLE models (id INTEGER PRIMARY KEY, hash TEXT UNIQUE NOT NULL, name TEXT, card TEXT, scanned REAL)",
    *PREDICTIONS,
    *INDEXES,
    "CREATE TABLE runs (id INTEGER PRIMARY KEY AUTOINCREMENT, started REAL NOT NULL)",
    "CREATE TABLE writes (id INTEGER PRIMARY KEY, run INTEGER NOT NULL, path BLOB NOT NULL, before TEXT, after TEXT)",
)
MIGRATIONS = (
    (
        SILENT,
        "ALTER TABLE predictions RENAME TO former",
        *PREDICTIONS,
        "INSERT INTO predictions SELECT former.* FROM former ORDER BY "
        "(SELECT MIN(id) FROM files WHERE files.content = former.content)",
        "DROP TABLE former",
        *INDEXES,
    ),
)
LIBRARY = DatabaseKind(
    "library", APPLICATION, SCHEMA, TABLES, LibraryError, "choose another file, and scan again", MIGRATIONS
)


class FileState(NamedTuple):
    """What tells whether a file is still the one that was scanned; a URI has a hash of its version as `mtime_ns`."""

    size: int
    mtime_ns: int

    @classmethod
    def of(cls, path: str | os.PathLike[str]) -> Self:
        """Return the state of a file as it is now.

        Raises
        ------
        OSError
            If the file does not exist.
        AudioError, MissingExtraError
            If a URI cannot be read.
        """
        if is_url(os.fspath(path)):
            return cls(*remote_state(os.fspath(path)))
        status = os.stat(path)
        return cls(status.st_size, status.st_mtime_ns)

    @classmethod
    def if_any(cls, path: str | os.PathLike[str]) -> Self | None:
        """Return the state of a file as it is now, None if it cannot be found."""
        try:
            return cls.of(path)
        except OSError:
            return None


class StoredFile(NamedTuple):
    """A file as it was scanned; `content` is the SHA-256 of its bytes, None where it could not be tagged."""

    size: int
    mtime_ns: int
    content: str | None
    gone: int

    @property
    def state(self) -> FileState:
        """Its state when it was scanned."""
        return FileState(self.size, self.mtime_ns)


class StoredModel(NamedTuple):
    """A model that has scanned the library: its number, the SHA-256 of its file, its name or folder, and its card."""

    id: int
    hash: str
    name: str
    card: ModelCard


class StoredRun(NamedTuple):
    """A run that wrote files: its number, when it began (seconds since 1970), and how many changes it made."""

    id: int
    started: float
    changes: int


class Recording(NamedTuple):
    """What a file contains: its length in seconds, whether it is silent, and what its tags say."""

    content: str
    duration: float
    silent: bool
    title: str | None
    artist: str | None
    album: str | None
    year: int | None
    genre: str | None


@dataclass(frozen=True, eq=False)
class StoredPrediction:
    """Scores and embedding of a recording by a model.

    Attributes
    ----------
    segmentation
        Such as ``"Sliding(hop=48000)"``.
    scores : (tags,) float32
        Scores of the clip.
    embedding : (size,) float32
        Mean of the embeddings of the segments.
    """

    segmentation: str
    scores: NDArray[np.float32]
    embedding: NDArray[np.float32]


def default_file() -> Path:
    """Return the library that is used unless another is named."""
    return data_dir() / "library.sqlite"


class LibraryStore:
    """A library in an SQLite database, which several processes may use at once.

    Parameters
    ----------
    file
        The database, on a local disk; it is made if it does not exist.

    Raises
    ------
    LibraryError
        If the file is damaged, of another program or version, or cannot be written; so do all methods.
    """

    def __init__(self, file: Path) -> None:
        self.file = file
        self._database = Database(self.file, LIBRARY)
        self.transaction, self.rows = self._database.transaction, self._database.rows
        self.blocks, self.state = self._database.blocks, self._database.state

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the database."""
        self._database.close()

    def files(self) -> dict[str, StoredFile]:
        """Return all files by their paths."""
        rows = self.rows("SELECT path, size, mtime_ns, content, gone FROM files")
        return {os.fsdecode(path): StoredFile._make(values) for path, *values in rows}

    def scanned_state(self, path: str) -> FileState | None:
        """Return the state in which a file was scanned, None if it was not."""
        rows = self.rows("SELECT size, mtime_ns FROM files WHERE path = ?", (os.fsencode(path),))
        return FileState(*rows[0]) if rows else None

    def put_file(self, path: str, state: FileState, content: str | None, error: str | None = None) -> None:
        """Write a file, in place of what was known of its path."""
        self.rows(
            "INSERT INTO files (path, size, mtime_ns, content, error) VALUES (?, ?, ?, ?, ?) ON CONFLICT (path) DO "
            "UPDATE SET size = excluded.size, mtime_ns = excluded.mtime_ns, content = excluded.content, "
            "error = excluded.error, gone = 0",
            (os.fsencode(path), *state, content, error),
        )

    def mark_gone(self, paths: Iterable[str], gone: bool = True) -> None:
        """Mark files as gone, or as there again; their predictions stay."""
        with self.transaction():
            self._database.run_many(
                "UPDATE files SET gone = ? WHERE path = ?", [(gone, os.fsencode(path)) for path in paths]
            )

    def forget(self, paths: Iterable[str]) -> None:
        """Remove files, and the predictions that no other file has."""
        with self.transaction():
            self._database.run_many("DELETE FROM files WHERE path = ?", [(os.fsencode(path),) for path in paths])
            self.rows("DELETE FROM predictions WHERE content NOT IN (SELECT content FROM files WHERE content NOTNULL)")
            self.rows("DELETE FROM recordings WHERE content NOT IN (SELECT content FROM files WHERE content NOTNULL)")

    def put_model(self, model_hash: str, name: str, card: ModelCard) -> int:
        """Note that a model scans the library now; return its number."""
        self.rows(
            "INSERT INTO models (hash, name, card, scanned) VALUES (?, ?, ?, ?) ON CONFLICT (hash) DO UPDATE SET "
            "name = excluded.name, card = excluded.card, scanned = excluded.scanned",
            (model_hash, name, card.to_json(), time.time()),
        )
        return int(self.rows("SELECT id FROM models WHERE hash = ?", (model_hash,))[0][0])

    def models(self) -> list[StoredModel]:
        """Return the models, the one that scanned last first."""
        rows = self.rows("SELECT id, hash, name, card FROM models ORDER BY scanned DESC")
        return [StoredModel(number, digest, name, ModelCard.from_json(card)) for number, digest, name, card in rows]

    def segmentations(self, model: int) -> dict[str, str]:
        """Return the segmentation of each prediction of a model, by content."""
        return dict(self.rows("SELECT content, segmentation FROM predictions WHERE model = ?", (model,)))

    def put_prediction(self, model: int, recording: Recording, prediction: StoredPrediction) -> None:
        """Write a recording and a model's prediction for it, in place of an earlier one."""
        self.rows("INSERT OR REPLACE INTO recordings VALUES (?, ?, ?, ?, ?, ?, ?, ?)", recording)
        blobs = (
            np.ascontiguousarray(array, np.float32).tobytes() for array in (prediction.scores, prediction.embedding)
        )
        self.rows(
            "INSERT OR REPLACE INTO predictions VALUES (?, ?, ?, ?, ?)",
            (model, recording.content, prediction.segmentation, *blobs),
        )

    def start_run(self) -> int:
        """Note that files are about to be written; return the number of the run."""
        return int(self.rows("INSERT INTO runs (started) VALUES (?) RETURNING id", (time.time(),))[0][0])

    def runs(self) -> list[StoredRun]:
        """Return the runs that wrote files, the latest first; those that are undone are not there."""
        return [
            StoredRun(*row)
            for row in self.rows(
                "SELECT runs.id, started, COUNT(*) FROM runs JOIN writes ON run = runs.id GROUP BY runs.id "
                "ORDER BY runs.id DESC"
            )
        ]

    def put_write(self, run: int, path: str, before: dict[str, list[str]], after: dict[str, list[str]]) -> int:
        """Note a change of a file before it is made; return the number of the note."""
        row = (run, os.fsencode(path), json.dumps(before), json.dumps(after))
        return int(
            self.rows("INSERT INTO writes (run, path, before, after) VALUES (?, ?, ?, ?) RETURNING id", row)[0][0]
        )

    def drop_write(self, write: int) -> None:
        """Remove the note of a change that was not made, or is undone."""
        self.rows("DELETE FROM writes WHERE id = ?", (write,))

    def writes(self, run: int) -> list[tuple[int, str, dict[str, list[str]], dict[str, list[str]]]]:
        """Return the changes of a run, the latest first: number, path, values before and after."""
        return [
            (number, os.fsdecode(path), json.loads(before), json.loads(after))
            for number, path, before, after in self.rows(
                "SELECT id, path, before, after FROM writes WHERE run = ? ORDER BY id DESC", (run,)
            )
        ]

    def last_writes(self) -> list[tuple[int, str]]:
        """Return number and path of the last change of each run: where a run was killed, it was making this one."""
        return [
            (number, os.fsdecode(path)) for number, path in self.rows("SELECT MAX(id), path FROM writes GROUP BY run")
        ]

    def rewrite(self, path: str, state: FileState, content: str) -> None:
        """Note that a known file has other bytes and the same music: it keeps its predictions."""
        with self.transaction():
            rows = self.rows("SELECT content FROM files WHERE path = ?", (os.fsencode(path),))
            if not rows or rows[0][0] is None:
                return
            old = rows[0][0]
            self.rows(
                "INSERT OR REPLACE INTO predictions SELECT model, ?, segmentation, scores, embedding FROM predictions "
                "WHERE content = ?",
                (content, old),
            )
            self.rows(
                "INSERT OR REPLACE INTO recordings SELECT ?, duration, silent, title, artist, album, year, genre "
                "FROM recordings WHERE content = ?",
                (content, old),
            )
            self.put_file(path, state, content)
            if content != old and not self.rows("SELECT 1 FROM files WHERE content = ?", (old,)):
                self.rows("DELETE FROM predictions WHERE content = ?", (old,))
                self.rows("DELETE FROM recordings WHERE content = ?", (old,))

    def check(self) -> list[str]:
        """Return what SQLite finds wrong with the database, one line each."""
        return [str(row[0]) for row in self.rows("PRAGMA integrity_check") if row[0] != "ok"]
