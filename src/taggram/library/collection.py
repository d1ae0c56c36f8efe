"""The tracks of a library in memory, with the scores and embeddings of one model."""

from __future__ import annotations

import functools
import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from taggram.audio.remote import absolute
from taggram.errors import LibraryError, did_you_mean
from taggram.library.store import LibraryStore, StoredModel
from taggram.models import ModelCard

__all__ = ["Collection", "Track"]

BLOCK = 4096  # rows that are read at once
EPSILON = 1e-6  # of a probability from 0 and 1
# Tracks that are there, were tagged and are not silent; in the order of their ids.
PRESENT = (
    "FROM files JOIN recordings USING (content) JOIN predictions USING (content) "
    "WHERE gone = 0 AND NOT silent AND model = ? ORDER BY files.id"
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
        return np.array([row[0] for row in self._rows("files.id")], np.int64)

    @functools.cached_property
    def probabilities(self) -> NDArray[np.float32]:
        """Probability of each tag (tracks, tags) of the vocabulary, 0 to 1; the scores of a model without levels."""
        scores = np.clip(self._blobs("scores"), EPSILON, 1 - EPSILON)
        if (levels := self.card.levels) is None:
            return scores
        offsets = np.array([levels.offsets[tag] for tag in self.card.vocabulary.names], np.float32)
        logits = np.log(scores / (1 - scores)) * np.float32(levels.slope) + offsets
        probabilities: NDArray[np.float32] = 1 / (1 + np.exp(-logits))
        return probabilities

    @functools.cached_property
    def embeddings(self) -> NDArray[np.float32]:
        """Embeddings (tracks, size) of unit length."""
        embeddings = self._blobs("embedding")
        embeddings /= np.maximum(np.linalg.norm(embeddings, axis=1, keepdims=True), np.float32(1e-12))
        return embeddings

    def tracks(self, rows: Sequence[int] | NDArray[np.integer[Any]]) -> list[Track]:
        """Return the tracks at some rows of the arrays, in their order."""
        wanted = [int(self.ids[row]) for row in rows]
        found = {}
        for start in range(0, len(wanted), BLOCK):
            part = wanted[start : start + BLOCK]
            for number, path, *rest in self._store.rows(
                "SELECT id, path, duration, title, artist, album, year, genre FROM files JOIN recordings "
                "USING (content) WHERE id IN (SELECT value FROM json_each(?))",
                (json.dumps(part),),
            ):
                found[number] = Track(number, os.fsdecode(path), *rest)
        return [found[number] for number in wanted]

    def column(self, name: str) -> list[Any]:
        """Return the artist, album, year, genre, title or content of every track."""
        return [row[0] for row in self._rows(name)]

    def row(self, path: str) -> int | None:
        """Return the row of a file; None if it is not among the tracks."""
        found = self._store.rows("SELECT id FROM files WHERE path = ?", (os.fsencode(absolute(path)),))
        position = int(np.searchsorted(self.ids, found[0][0])) if found else len(self)
        return position if position < len(self) and self.ids[position] == found[0][0] else None

    def _rows(self, columns: str) -> list[Any]:
        return self._store.rows(f"SELECT {columns} {PRESENT}", (self.model.id,))

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
