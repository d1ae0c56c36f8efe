"""The index of embeddings: its answers are those of the exact comparison, whatever happens to library and index."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from taggram.errors import LibraryError, MissingExtraError
from taggram.library import Library
from taggram.library.index import EmbeddingIndex
from taggram.library.store import FileState, LibraryStore, Recording, StoredPrediction
from taggram.models import ModelCard

lancedb = pytest.importorskip("lancedb")

Add = Callable[..., str]
SIZE = 16


@pytest.fixture
def library(store: LibraryStore) -> Iterator[Library]:
    with Library(store.file) as opened:
        yield opened


@pytest.fixture
def tracks(add: Add) -> list[str]:
    rng = np.random.default_rng(0)
    return [add(f"/{i:02}.mp3", embedding=rng.normal(size=SIZE), duration=60 + 5 * i) for i in range(60)]


def answers(library: Library) -> object:
    """Similar tracks, and a path, without what they are called."""
    similar = [(n.track.path, round(n.similarity, 3), n.copies) for n in library.similar("/07.mp3", n=99)]
    return similar, [track.path for track in library.path("/07.mp3", "/31.mp3", n=8)]


def exact_answers(library: Library) -> object:
    """The same without the index."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(EmbeddingIndex, "place", None)
        return answers(library)


def is_asked(library: Library, monkeypatch: pytest.MonkeyPatch) -> bool:
    """Whether the index answers."""
    asked = []
    nearest = EmbeddingIndex.nearest
    monkeypatch.setattr(EmbeddingIndex, "nearest", lambda *arguments: asked.append(1) or nearest(*arguments))
    library.similar("/07.mp3")
    return bool(asked)


def test_the_answers_are_the_same(tracks: list[str], library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    before = answers(library)
    assert not is_asked(library, monkeypatch)
    summary = library.index()
    assert (summary.place, summary.recordings, summary.changed) == (str(library.file.with_suffix(".lance")), 60, 60)
    assert is_asked(library, monkeypatch)
    assert answers(library) == before == exact_answers(library)
    assert library.index().changed == 0
    library.remove_index()
    assert not list(library.file.with_suffix(".lance").glob("*.lance"))
    assert answers(library) == before


def test_what_changes_is_indexed_before_the_next_answer(
    tracks: list[str], add: Add, library: Library, store: LibraryStore
) -> None:
    library.index()
    at_first = answers(library)
    similar = library.similar("/07.mp3")
    nearest, second = similar[0].track.path, similar[1].track.path
    # New, with other scores and embedding, removed, gone, another name, silent: by another connection each time.
    add("/new.mp3", embedding=store_embedding(store, "/07.mp3") + 0.1, duration=200)
    assert library.similar("/07.mp3")[0].track.path == "/new.mp3"
    add("/new.mp3", embedding=-store_embedding(store, "/07.mp3"), duration=200)
    assert library.similar("/07.mp3", n=99)[-1].track.path == "/new.mp3"
    assert answers(library) == exact_answers(library) != at_first
    store.forget([nearest])
    assert library.similar("/07.mp3")[0].track.path == second
    store.mark_gone([second])
    assert second not in str(answers(library))
    store.mark_gone([second], gone=False)
    assert library.similar("/07.mp3")[0].track.path == second
    store.rewrite(second, FileState(2, 2), "cd" * 32)
    assert library.similar("/07.mp3")[0].track.path == second
    add("/00.mp3", embedding=np.ones(SIZE), silent=True)
    assert "/00.mp3" not in str(answers(library))
    assert answers(library) == exact_answers(library)
    assert len(EmbeddingIndex(store, library.collection().model)) == 60


def store_embedding(store: LibraryStore, path: str) -> np.ndarray:
    ((blob,),) = store.rows(
        "SELECT embedding FROM files JOIN predictions USING (content) WHERE path = ?", (path.encode(),)
    )
    return np.frombuffer(blob, np.float32)


def test_what_others_do_to_the_table_is_not_seen(tracks: list[str], add: Add, library: Library, tmp_path: Path) -> None:
    library.index(tmp_path / "index")
    before = answers(library)
    copy = tmp_path / "copy.sqlite"
    with Library(library.file) as other:
        other._store.rows("VACUUM INTO ?", (str(copy),))
    with Library(copy) as other:  # has the same index, and changes it
        other.forget(["/08.mp3", "/09.mp3"])
        changed = answers(other)
        assert changed == exact_answers(other) != before
        assert answers(library) == before
        add("/new.mp3", embedding=np.ones(SIZE))
        assert answers(library) == exact_answers(library)
        assert answers(other) == changed


def test_a_killed_update_is_repeated(tracks: list[str], library: Library, store: LibraryStore) -> None:
    program = (
        "import os, sys\n"
        "from taggram.library import Library\n"
        "library = Library(sys.argv[1])\n"
        "run = library._store.rows\n"
        "def stop(statement, *values):\n"
        "    if statement.startswith('UPDATE indexes'): os._exit(9)\n"
        "    return run(statement, *values)\n"
        "library._store.rows = stop\n"
        "library.index()\n"
    )
    done = subprocess.run([sys.executable, "-c", program, str(library.file)], capture_output=True, text=True)
    assert done.returncode == 9, done.stderr
    assert store.rows("SELECT COUNT(*) FROM unindexed") == [(60,)]
    assert answers(library) == exact_answers(library)
    assert store.rows("SELECT COUNT(*) FROM unindexed") == [(0,)]
    assert library.index().recordings == 60


def test_an_index_that_is_missing_is_said(tracks: list[str], library: Library, tmp_path: Path) -> None:
    library.index(tmp_path / "index")
    shutil.rmtree(tmp_path / "index")
    with pytest.raises(LibraryError, match=r"index is no usable index \(.*: check its place, or build it again with"):
        library.similar("/07.mp3")
    library.index(tmp_path / "elsewhere")
    assert answers(library) == exact_answers(library)


def test_the_missing_extra_is_named(tracks: list[str], library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    library.index()
    monkeypatch.setitem(sys.modules, "lancedb", None)
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(MissingExtraError, match=r"an index of embeddings needs the \[lance\] extra"):
        library.index(library.file.with_name("other"))
    with pytest.raises(MissingExtraError, match=r"an index of embeddings needs the \[lance\] extra"):
        library.similar("/07.mp3")
    library.remove_index()
    assert library.similar("/07.mp3")


def test_clustered_vectors_have_nearly_the_exact_answers(
    store: LibraryStore, library: Library, card: ModelCard
) -> None:
    rng = np.random.default_rng(0)
    model = store.put_model("ab" * 32, "default", card)
    to_embedding = rng.normal(size=(8, 64))
    scores = np.full(len(card.vocabulary), 0.1, np.float32)
    with store.transaction():
        for i in range(12_000):
            content, embedding = f"{i:064}", np.maximum(0, rng.normal(size=8) @ to_embedding)
            recording = Recording(content, 5.0 * i, False, None, None, None, None, None)
            store.put_prediction(model, recording, StoredPrediction("", scores, embedding))
            store.put_file(f"/{i}.mp3", FileState(1, 1), content)
    library.index()
    index = EmbeddingIndex(store, library.collection().model)
    assert index._open()[1].list_indices()
    collection, hits = library.collection(), 0
    for row in range(0, 1000, 50):
        wanted = collection.embeddings[row]
        exact = [candidate.track.id for candidate, _ in zip(collection.nearest(wanted), range(20), strict=False)]
        near = [candidate for candidate, _ in zip(index.nearest(wanted), range(20), strict=False)]
        assert near[0].cosine == pytest.approx(1, abs=1e-5)
        hits += len({candidate.track.id for candidate in near} & set(exact))
    assert hits >= 0.98 * 400
    # All tracks come at last, each once, also those outside the clusters that are searched.
    ids = [candidate.track.id for candidate in index.nearest(wanted)]
    assert sorted(ids) == list(range(1, 12_001))
