"""An index of the embeddings of a library in LanceDB: for more tracks than fit into memory, or on an object store.

The library stays the truth. It notes each recording whose prediction changes after it was indexed, and which version of
the table in LanceDB is the index: whatever another program does to the table is not seen.
"""

from __future__ import annotations

import json
import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from taggram.errors import LibraryError, MissingExtraError
from taggram.library.collection import Candidate, find_tracks, unit
from taggram.library.store import LibraryStore, StoredModel

__all__ = ["EmbeddingIndex", "IndexSummary"]

BLOCK = 20_000  # recordings that are indexed in one transaction
FIRST = 64  # candidates that are read first
CLUSTERED = 10_000  # recordings from which on the vectors are clustered; fewer are all compared
PROBES = 40  # clusters that are searched
REFINE = 10  # times as many vectors as are wanted are compared in full


@dataclass(frozen=True)
class IndexSummary:
    """An index of embeddings.

    Attributes
    ----------
    place
        Folder or URI.
    recordings
        Their number; several files may hold one.
    changed
        Number of changes that were indexed just now.
    """

    place: str
    recordings: int
    changed: int


class EmbeddingIndex:
    """The index of the embeddings of one model.

    Parameters
    ----------
    store
        The library.
    model
        The model.

    Raises
    ------
    LibraryError
        If the index cannot be read or written; so do all methods.
    MissingExtraError
        If there is an index, and LanceDB is not installed; so do all methods.
    """

    def __init__(self, store: LibraryStore, model: StoredModel) -> None:
        self._store, self._model = store, model

    @property
    def place(self) -> str | None:
        """Folder or URI; None if there is no index."""
        rows = self._store.rows("SELECT place FROM indexes WHERE model = ?", (self._model.id,))
        return rows[0][0] if rows else None

    def create(self, place: str) -> None:
        """Begin an empty index in a folder or at a URI, in place of an earlier one; `update` fills it."""
        place = place if "://" in place else os.path.abspath(place)
        name, size = uuid.uuid4().hex, self._embedding_size()
        with _usable(place):
            database = _connect(place)  # first, as it needs pyarrow, too

            import pyarrow as pa

            schema = pa.schema([("content", pa.string()), ("embedding", pa.list_(pa.float32(), size))])
            version = database.create_table(name, schema=schema).version
        with self._store.transaction():
            self.remove()
            self._store.rows("INSERT INTO indexes VALUES (?, ?, ?, ?)", (self._model.id, place, name, version))
            self._store.rows(
                "INSERT INTO unindexed (model, content) SELECT model, content FROM predictions WHERE model = ? "
                "ORDER BY rowid",
                (self._model.id,),
            )

    def remove(self) -> None:
        """Remove the index; where its place cannot be reached, its files stay there."""
        rows = self._store.rows("DELETE FROM indexes WHERE model = ? RETURNING place, name", (self._model.id,))
        self._store.rows("DELETE FROM unindexed WHERE model = ?", (self._model.id,))
        for place, name in rows:
            with suppress(OSError, RuntimeError, ValueError, MissingExtraError):
                _connect(place).drop_table(name)

    def update(self) -> int:
        """Index the recordings whose predictions have changed; return their number."""
        count = 0
        while block := self._update_block():
            count += block
        return count

    def cluster(self) -> None:
        """Cluster the vectors anew if many are new, so that a search compares only some of them.

        Without it, new vectors are all compared.
        """
        place, table, version = self._open()
        with _usable(place):
            from lancedb.index import IvfRq

            count = table.count_rows()
            names = [index.name for index in table.list_indices()]
            new = table.index_stats(names[0]).num_unindexed_rows if names else count
            if count < CLUSTERED or 10 * new < count:
                return
            if 2 * new > count:
                table.create_index("embedding", config=IvfRq(distance_type="cosine"))
            else:
                table.optimize()
            # Where another process has changed the table meanwhile, its version stays the index.
            self._store.rows(
                "UPDATE indexes SET version = ? WHERE model = ? AND version = ?",
                (table.version, self._model.id, version),
            )

    def __len__(self) -> int:
        """Return the number of recordings in it."""
        place, table, _ = self._open(snapshot=True)
        with _usable(place):
            return int(table.count_rows())

    def nearest(self, embedding: NDArray[np.float32]) -> Iterator[Candidate]:
        """Yield the tracks whose embeddings are nearest to one, as `Collection.nearest`, but approximately."""
        self.update()
        place, table, _ = self._open(snapshot=True)
        wanted, seen, limit, exact = unit(embedding), set[str](), FIRST, False
        with _usable(place):
            count = table.count_rows()
        while True:
            with _usable(place):
                query = table.search(wanted).distance_type("cosine").limit(limit)
                query = query.bypass_vector_index() if exact else query.nprobes(PROBES).refine_factor(REFINE)
                found = query.to_arrow()
                vectors = dict(zip(found["content"].to_pylist(), _matrix(found["embedding"]), strict=True))
            tracks = find_tracks(self._store, [content for content in vectors if content not in seen])
            candidates = [
                Candidate(track, float(vectors[content] @ wanted), vectors[content]) for content, track in tracks
            ]
            yield from sorted(candidates, key=lambda candidate: -candidate.cosine)
            if limit >= count:
                return
            seen |= vectors.keys()
            exact = len(vectors) < limit  # no more in the clusters that were searched
            limit *= 4

    def _update_block(self) -> int:
        """Index some recordings, while no other process writes; return their number."""
        if not self._store.rows("SELECT 1 FROM unindexed WHERE model = ? LIMIT 1", (self._model.id,)):
            return 0
        with self._store.transaction():
            rows = self._store.rows(
                "SELECT id, content FROM unindexed WHERE model = ? ORDER BY id LIMIT ?", (self._model.id, BLOCK)
            )
            if not rows:
                return 0
            contents = sorted({row[1] for row in rows})
            place, table, version = self._open()
            found = self._store.rows(
                "SELECT content, embedding FROM predictions WHERE model = ? AND content IN "
                "(SELECT value FROM json_each(?))",
                (self._model.id, json.dumps(contents)),
            )
            with _usable(place):
                if found:
                    merge = table.merge_insert("content").when_matched_update_all().when_not_matched_insert_all()
                    merge.execute(_table(found, table.schema))
                if removed := sorted(set(contents) - {content for content, _ in found}):
                    table.delete(f"content IN ({', '.join(map(repr, removed))})")
                version = table.version
            self._store.rows("UPDATE indexes SET version = ? WHERE model = ?", (version, self._model.id))
            self._store.rows("DELETE FROM unindexed WHERE model = ? AND id <= ?", (self._model.id, rows[-1][0]))
        return len(rows)

    def _open(self, *, snapshot: bool = False) -> tuple[str, Any, int]:
        """Open the table at the version that is the index, to read it, or to write its next version."""
        rows = self._store.rows("SELECT place, name, version FROM indexes WHERE model = ?", (self._model.id,))
        if not rows:
            raise LibraryError(f"{self._store.file} has no index: make it with taggram library index")
        place, name, version = rows[0]
        with _usable(place):
            table = _connect(place).open_table(name)
            if snapshot:
                table.checkout(version)
            elif table.version != version:  # another program has changed it, or this one was killed here
                table.checkout(version)
                table.restore()
        return place, table, version

    def _embedding_size(self) -> int:
        rows = self._store.rows("SELECT LENGTH(embedding) FROM predictions WHERE model = ? LIMIT 1", (self._model.id,))
        if not rows:
            raise LibraryError(f"{self._store.file} has no track by {self._model.name}: scan your music first")
        return int(rows[0][0]) // np.dtype(np.float32).itemsize


def _connect(place: str) -> Any:
    try:
        import lancedb
    except ImportError:
        raise MissingExtraError("an index of embeddings", "lance") from None
    return lancedb.connect(place)


@contextmanager
def _usable(place: str) -> Iterator[None]:
    try:
        yield
    except (OSError, RuntimeError, ValueError) as error:
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        remedy = "check its place, or build it again with taggram library index --to"
        raise LibraryError(f"{place} is no usable index ({reason}): {remedy}") from error


def _table(rows: list[tuple[str, bytes]], schema: Any) -> Any:
    import pyarrow as pa

    vectors = np.stack([unit(np.frombuffer(blob, np.float32)) for _, blob in rows])
    lists = pa.FixedSizeListArray.from_arrays(pa.array(vectors.ravel()), vectors.shape[1])
    return pa.table({"content": [content for content, _ in rows], "embedding": lists}, schema=schema)


def _matrix(column: Any) -> NDArray[np.float32]:
    lists = column.combine_chunks()
    matrix: NDArray[np.float32] = lists.flatten().to_numpy(zero_copy_only=False).reshape(len(lists), -1)
    return matrix
