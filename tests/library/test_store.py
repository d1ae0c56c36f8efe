"""The tables of a library: those of earlier versions are brought to the present one."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from taggram.errors import LibraryError
from taggram.library import Library
from taggram.models import ModelCard

FIRST = """
CREATE TABLE files (id INTEGER PRIMARY KEY, path BLOB UNIQUE NOT NULL, size INTEGER, mtime_ns INTEGER,
    content TEXT, error TEXT, gone INTEGER NOT NULL DEFAULT 0);
CREATE INDEX files_by_content ON files (content);
CREATE TABLE recordings (content TEXT PRIMARY KEY, duration REAL, silent INTEGER, title TEXT, artist TEXT,
    album TEXT, year INTEGER, genre TEXT) WITHOUT ROWID;
CREATE TABLE models (id INTEGER PRIMARY KEY, hash TEXT UNIQUE NOT NULL, name TEXT, card TEXT, scanned REAL);
CREATE TABLE predictions (model INTEGER, content TEXT, segmentation TEXT, scores BLOB, embedding BLOB,
    PRIMARY KEY (model, content)) WITHOUT ROWID;
CREATE TABLE runs (id INTEGER PRIMARY KEY AUTOINCREMENT, started REAL NOT NULL);
CREATE TABLE writes (id INTEGER PRIMARY KEY, run INTEGER NOT NULL, path BLOB NOT NULL, before TEXT, after TEXT);
PRAGMA application_id = 1952540524;
PRAGMA user_version = 1;
"""


@pytest.fixture
def first(tmp_path: Path, card: ModelCard) -> Path:
    """A library of version 1 with two tracks, the second of which is first by its content."""
    file = tmp_path / "first.sqlite"
    with closing(sqlite3.connect(file)) as database, database:
        database.executescript(FIRST)
        database.execute("INSERT INTO models VALUES (1, 'ab', 'default', ?, 0)", (card.to_json(),))
        for number, content in ((1, "ff"), (2, "00")):
            scores = np.full(len(card.vocabulary), 0.1 * number, np.float32)
            values = (1, content, "Sliding(hop=1)", scores.tobytes(), np.float32([number, 1]).tobytes())
            database.execute("INSERT INTO predictions VALUES (?, ?, ?, ?, ?)", values)
            database.execute(
                "INSERT INTO files VALUES (?, ?, 1, 1, ?, NULL, 0)", (number, b"/%d.mp3" % number, content)
            )
            database.execute("INSERT INTO recordings (content, duration, silent) VALUES (?, 60, 0)", (content,))
    return file


def test_the_first_version_is_migrated(first: Path) -> None:
    for _ in range(2):  # once by migration, once as it is
        with Library(first) as library:
            tracks = list(library.rows())
            assert [(track["id"], track["path"], len(track["tags"])) for track in tracks] == [
                (1, "/1.mp3", 94), (2, "/2.mp3", 94),
            ]  # fmt: skip
            assert library.similar(1)[0].similarity == pytest.approx(3 / 10**0.5, abs=1e-6)
    with closing(sqlite3.connect(first)) as database:
        assert database.execute("SELECT rowid, content FROM predictions ORDER BY rowid").fetchall() == [
            (1, "ff"),
            (2, "00"),
        ]
        assert not database.execute("SELECT 1 FROM sqlite_master WHERE name = 'former'").fetchall()


@pytest.mark.parametrize("version", [0, 99])
def test_other_versions_stay_untouched(version: int, first: Path) -> None:
    with closing(sqlite3.connect(first)) as database:
        database.execute(f"PRAGMA user_version = {version}")
    before = first.read_bytes()
    with pytest.raises(LibraryError, match="another version of taggram"):
        Library(first)
    assert first.read_bytes() == before
