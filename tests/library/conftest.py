"""Libraries with the scores of a made-up model, so that no audio is tagged."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from taggram.library.store import FileState, LibraryStore, Recording, StoredPrediction
from taggram.models import ModelCard
from taggram.tagging import Tagger


@pytest.fixture(scope="session")
def card() -> ModelCard:
    return Tagger().card


@pytest.fixture
def store(tmp_path: Path) -> Iterator[LibraryStore]:
    with LibraryStore(tmp_path / "library.sqlite") as opened:
        yield opened


@pytest.fixture
def add(store: LibraryStore, card: ModelCard) -> Callable[..., str]:
    """Add a track with some tags at a score of 0.9, and all others at 0.01."""
    model = store.put_model("ab" * 32, "default", card)

    def add_track(
        path: str,
        *tags: str,
        embedding: object = (1.0, 0.0),
        silent: bool = False,
        duration: float = 60.0,
        title: str | None = None,
        artist: str | None = None,
        album: str | None = None,
        year: int | None = None,
        genre: str | None = None,
    ) -> str:
        scores = np.full(len(card.vocabulary), 0.01, np.float32)
        scores[[card.vocabulary.names.index(tag) for tag in tags]] = 0.9
        content = os.fsencode(path).hex()
        recording = Recording(content, duration, silent, title, artist, album, year, genre)
        store.put_prediction(
            model, recording, StoredPrediction("Sliding(hop=1)", scores, np.array(embedding, np.float32))
        )
        store.put_file(path, FileState(1, 1), content)
        return path

    return add_track
