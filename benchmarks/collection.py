"""Made-up collections: files on disk, and what a scan with the default model would have stored of them.

`BareLibrary` answers the same questions in the shortest way: one table, NumPy, and nothing else.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

import numpy as np

from taggram.library.scan import model_hash
from taggram.library.store import FileState, LibraryStore, Recording, StoredPrediction
from taggram.tagging import DEFAULT_MODEL, Tagger

BLOCK = 10_000  # tracks that are made at once
ALBUM = 12  # tracks
WORDS = "piano", "jazz", "drums"
LATENT = 32  # independent directions of the embeddings; those of music lie near a surface of few dimensions
BARE = (
    "CREATE TABLE tracks (id INTEGER PRIMARY KEY, path TEXT, size INTEGER, mtime_ns INTEGER, artist TEXT, title TEXT, "
    "album TEXT, scores BLOB, embedding BLOB)"
)


class MadeTrack(NamedTuple):
    """A track that was never recorded."""

    path: Path
    size: int
    content: str
    artist: str
    title: str
    album: str
    scores: np.ndarray
    embedding: np.ndarray


def make_collection(folder: Path, count: int, *, alone: bool = False) -> Path:
    """Make a library of so many tracks and, unless it is wanted alone, a bare one and sparse files to scan."""
    if folder.exists():
        return folder
    unfinished = folder.with_name(f"unfinished-{folder.name}")
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir(parents=True)
    tagger = Tagger(DEFAULT_MODEL)
    with (
        LibraryStore(unfinished / "library.sqlite") as store,
        closing(sqlite3.connect(unfinished / "bare.sqlite")) as bare,
    ):
        model = store.put_model(model_hash(tagger), DEFAULT_MODEL, tagger.card)
        bare.execute(BARE)
        with store.transaction(), bare:
            for track in _tracks(folder / "music", count, len(tagger.card.vocabulary)):
                state = FileState(track.size, 0)
                if not alone:
                    state = _make_file(unfinished / track.path.relative_to(folder), track.size)
                recording = Recording(
                    track.content, 60 + track.size % 240, False, track.title, track.artist, track.album, 1990, "Rock"
                )
                prediction = StoredPrediction(repr(tagger.segmentation), track.scores, track.embedding)
                store.put_prediction(model, recording, prediction)
                store.put_file(str(track.path), state, track.content)
                if not alone:
                    values = (str(track.path), *state, track.artist, track.title, track.album)
                    blobs = track.scores.tobytes(), track.embedding.tobytes()
                    bare.execute("INSERT INTO tracks VALUES (NULL, ?, ?, ?, ?, ?, ?, ?, ?)", (*values, *blobs))
    unfinished.replace(folder)
    return folder


def _tracks(folder: Path, count: int, tags: int) -> Iterator[MadeTrack]:
    """Yield tracks in the order of their paths, whose scores and embeddings depend on a few directions."""
    rng = np.random.default_rng(0)
    spread = np.linspace(2, 0.2, LATENT)
    to_embedding, to_logits = rng.normal(size=(LATENT, 256)), rng.normal(size=(LATENT, tags))
    styles = rng.normal(size=(500, LATENT)) * spread
    for start in range(0, count, BLOCK):
        numbers = np.arange(start, min(start + BLOCK, count))
        artist_style = rng.integers(len(styles), size=count // ALBUM + 1)[numbers // ALBUM]
        latent = styles[artist_style] + 0.7 * rng.normal(size=(len(numbers), LATENT)) * spread
        embeddings = np.maximum(0, latent @ to_embedding / 8).astype(np.float32)
        scores = (1 / (1 + np.exp(4 - latent @ to_logits / 3))).astype(np.float32)
        sizes = rng.integers(3_000_000, 12_000_000, size=len(numbers))
        for i, number in enumerate(numbers.tolist()):
            album, artist = number // ALBUM, number // ALBUM // 4
            name = f"{number % ALBUM + 1:02} Title of a song {number}"
            yield MadeTrack(
                folder / f"{artist // 100:03}" / f"Artist {artist:06}" / f"Album {album:07}" / f"{name}.mp3",
                int(sizes[i]),
                hashlib.sha256(name.encode()).hexdigest(),
                f"Artist {artist:06}",
                f"Title of a song {number}",
                f"Album {album:07}",
                scores[i],
                embeddings[i],
            )


def _make_file(file: Path, size: int) -> FileState:
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("wb") as stream:
        stream.truncate(size)
    return FileState.of(file)


class BareLibrary:
    """The same answers from SQLite and NumPy alone.

    Parameters
    ----------
    folder
        From `make_collection`.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._connection = sqlite3.connect(folder / "bare.sqlite")
        self._matrices: dict[str, np.ndarray] = {}

    def __enter__(self) -> BareLibrary:
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()

    def known(self) -> int:
        """Return how many files are unchanged since they were scanned."""
        rows = self._connection.execute("SELECT path, size, mtime_ns FROM tracks")
        states = {path: (size, mtime) for path, size, mtime in rows}
        count = 0
        for folder, _, names in os.walk(self._folder / "music"):
            for name in names:
                status = os.stat(path := os.path.join(folder, name))
                count += name.endswith(".mp3") and states.get(path) == (status.st_size, status.st_mtime_ns)
        return count

    def search(self, columns: list[int]) -> list[tuple[str, ...]]:
        """Return the tracks with the greatest sum of log odds of some tags."""
        p = np.clip(self._matrix("scores")[:, columns], 1e-6, 1 - 1e-6)
        return self._best(np.log(p / (1 - p)).sum(axis=1))

    def similar(self, number: int) -> list[tuple[str, ...]]:
        """Return the tracks with the greatest cosine."""
        if "unit" not in self._matrices:
            embeddings = self._matrix("embedding")
            self._matrices["unit"] = embeddings / np.linalg.norm(embeddings, axis=1, keepdims=True)
            del self._matrices["embedding"]
        unit = self._matrices["unit"]
        return self._best(unit @ unit[number - 1])

    def _matrix(self, column: str) -> np.ndarray:
        if column not in self._matrices:
            rows = self._connection.execute(f"SELECT {column} FROM tracks ORDER BY id")  # noqa: S608
            self._matrices[column] = np.frombuffer(b"".join(row[0] for row in rows), np.float32).reshape(
                self._connection.execute("SELECT COUNT(*) FROM tracks").fetchone()[0], -1
            )
        return self._matrices[column]

    def _best(self, values: np.ndarray) -> list[tuple[str, ...]]:
        best = [int(row) + 1 for row in np.argsort(-values, kind="stable")[:20]]
        statement = f"SELECT id, path, artist, title, album FROM tracks WHERE id IN ({', '.join(map(str, best))})"  # noqa: S608
        return sorted(self._connection.execute(statement).fetchall(), key=lambda row: best.index(row[0]))
