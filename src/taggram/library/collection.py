"""The tracks of a library in memory, with the scores and embeddings of one model."""

from __future__ import annotations

import functools
import json
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from taggram.audio.discovery.remote import absolute
from taggram.errors import LibraryError, did_you_mean
from taggram.library.store import LibraryStore, StoredModel
from taggram.models import ModelCard

__all__ = ["Candidate", "Collection", "Track", "find_tracks", "unit"]

BLOCK = 4096  # rows that are read at once
FIRST = 64  # candidates that are read first
TRACK = "files.id, path, duration, title, artist, album, year, genre"
EPSILON = 1e-6  # of a probability from 0 and 1
# Tracks that are there, were tagged and are not silent; in the order of their ids, which is that of their predictions
# in the file: a cross join keeps SQLite from another order.
PRESENT = (
    "FROM files CROSS JOIN predictions USING (content) WHERE gone = 0 AND model = ? "
    "AND content NOT IN (SELECT content FROM recordings WHERE silent) ORDER BY files.id"
)


class Track(NamedTuple):
    """A file of the library with what its tags say.

    Attributes
    ----------
    id
        Its number in the library.
    path
        The file.
    duration
        In seconds.
    title, artist, album, genre
        None where the file has no such tag.
    year
        Of the date of the file's tags.
    """

    id: int
    path: str
    duration: float
    title: str | None
    artist: str | None
    album: str | None
    year: int | None
    genre: str | None


class Candidate(NamedTuple):
    """A track with the cosine of its embedding and another one, and its embedding, of unit length."""

    track: Track
    cosine: float
    embedding: NDArray[np.float32]


@dataclass(frozen=True)
class Collection:
    """The tracks of a library that a model has tagged and that are not silent.

    Scores and embeddings are read when they are first used.

    Attributes
    ----------
    model
        The model.
    """

    _store: LibraryStore
    model: StoredModel

    @classmethod
    def of_model(cls, store: LibraryStore, model: str | None = None) -> Collection:
        """Open the tracks as tagged by a model.

        Parameters
        ----------
        store
            The library.
        model
            Its name; None: the model of the latest scan.

        Raises
        ------
        LibraryError
            If the library is empty, or was not scanned with this model.
        """
        models = store.models()
        if not models:
            raise LibraryError(f"{store.file} is empty: scan your music first, with taggram library scan FOLDER")
        for stored in models:
            if model is None or model in (stored.name, stored.card.name):
                return cls(store, stored)
        hint = did_you_mean(str(model), [stored.name for stored in models])
        raise LibraryError(f"the library was not scanned with {model}{hint or f': scan it with --model {model}'}")

    @property
    def card(self) -> ModelCard:
        """Card of the model."""
        return self.model.card

    def __len__(self) -> int:
        return len(self.ids)

    @functools.cached_property
    def ids(self) -> NDArray[np.int64]:
        """Numbers of the tracks (tracks,), increasing."""
        rows = self._store.rows(f"SELECT files.id {PRESENT}", (self.model.id,))
        return np.array([row[0] for row in rows], np.int64)

    @functools.cached_property
    def probabilities(self) -> NDArray[np.float32]:
        """Probability of each tag (tracks, tags) of the vocabulary, 0 to 1; the scores of a model without levels."""
        if not len(self):
            return np.zeros((0, len(self.card.vocabulary)), np.float32)
        scores = self._blobs("scores")
        np.clip(scores, EPSILON, 1 - EPSILON, out=scores)
        if (levels := self.card.levels) is None:
            return scores
        offsets = np.array([levels.offsets.get(tag, -np.inf) for tag in self.card.vocabulary.names], np.float32)
        for start in range(0, len(scores), BLOCK):  # in place, without copies of a large array
            block = scores[start : start + BLOCK]
            logits = np.log(block / (1 - block)) * np.float32(levels.slope) + offsets
            block[:] = 1 / (1 + np.exp(-logits))
        return scores

    @functools.cached_property
    def embeddings(self) -> NDArray[np.float32]:
        """Embeddings (tracks, size) of unit length."""
        embeddings = self._blobs("embedding")
        lengths = np.sqrt(np.einsum("ij,ij->i", embeddings, embeddings))  # copies nothing
        embeddings /= np.maximum(lengths, np.float32(1e-12))[:, None]
        return embeddings

    def tracks(self, rows: Sequence[int] | NDArray[np.integer[Any]]) -> list[Track]:
        """Return the tracks at some rows of the arrays, in their order."""
        wanted = [int(self.ids[row]) for row in rows]
        found = {}
        for start in range(0, len(wanted), BLOCK):
            part = json.dumps(wanted[start : start + BLOCK])
            for row in self._store.rows(
                f"SELECT {TRACK} FROM files JOIN recordings USING (content) "  # noqa: S608
                "WHERE id IN (SELECT value FROM json_each(?))",
                (part,),
            ):
                track = _track(row)
                found[track.id] = track
        return [found[number] for number in wanted]

    def nearest(self, embedding: NDArray[np.float32]) -> Iterator[Candidate]:
        """Yield the tracks whose embeddings are nearest to one, the nearest first, reading only as many as are used."""
        cosine = self.embeddings @ unit(embedding)
        order = np.argsort(-cosine, kind="stable")
        start, size = 0, FIRST
        while start < len(order):
            rows = order[start : start + size]
            for row, track in zip(rows.tolist(), self.tracks(rows), strict=True):
                yield Candidate(track, float(cosine[row]), self.embeddings[row])
            start, size = start + size, 4 * size

    def find(self, track: str | int) -> Candidate | None:
        """Return the track of a file or with a number; None if it is not among the tracks."""
        column, value = ("id", track) if isinstance(track, int) else ("path", os.fsencode(absolute(track)))
        rows = self._store.rows(
            f"SELECT {TRACK}, embedding FROM files JOIN recordings USING (content) JOIN predictions USING (content) "  # noqa: S608
            f"WHERE files.{column} = ? AND gone = 0 AND NOT silent AND model = ?",
            (value, self.model.id),
        )
        return Candidate(_track(rows[0][:-1]), 1.0, unit(np.frombuffer(rows[0][-1], np.float32))) if rows else None

    def column(self, name: str) -> list[Any]:
        """Return the artist, album, year, genre, title or content of every track."""
        present = PRESENT.replace("predictions", "recordings USING (content) CROSS JOIN predictions", 1)
        return [row[0] for row in self._store.rows(f"SELECT {name} {present}", (self.model.id,))]

    def _blobs(self, column: str) -> NDArray[np.float32]:
        """Read one array per track into a matrix, a block of rows at a time."""
        matrix = np.zeros((len(self), 0), np.float32)
        for block in self._store.blocks(f"SELECT files.id, {column} {PRESENT}", (self.model.id,), BLOCK):
            values = np.frombuffer(b"".join(row[1] for row in block), np.float32).reshape(len(block), -1)
            if not matrix.shape[1]:
                matrix = np.zeros((len(self), values.shape[1]), np.float32)
            ids = np.array([row[0] for row in block], np.int64)
            kept = np.isin(ids, self.ids)  # not what another process has added meanwhile
            matrix[np.searchsorted(self.ids, ids[kept])] = values[kept]
        return matrix


def find_tracks(store: LibraryStore, contents: Sequence[str]) -> list[tuple[str, Track]]:
    """Return the tracks with some contents, and the content of each; silent and missing files are left out."""
    rows = store.rows(
        f"SELECT content, {TRACK} FROM files JOIN recordings USING (content) WHERE gone = 0 AND NOT silent AND content "  # noqa: S608
        "IN (SELECT value FROM json_each(?)) ORDER BY files.id",
        (json.dumps(list(contents)),),
    )
    return [(content, _track(row)) for content, *row in rows]


def unit(embedding: NDArray[np.float32]) -> NDArray[np.float32]:
    """Scale an embedding to unit length."""
    scaled: NDArray[np.float32] = embedding / np.float32(max(float(np.linalg.norm(embedding)), 1e-12))
    return scaled


def _track(row: Sequence[Any]) -> Track:
    number, path, *rest = row
    return Track(number, os.fsdecode(path), *rest)
