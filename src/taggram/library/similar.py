"""Similar tracks, playlists from one track to another, and duplicates, by the cosine of embeddings."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from taggram.library.collection import Collection, Track

__all__ = ["Neighbour", "find_duplicates", "find_path", "find_similar"]

SAME = 0.99  # cosine from which on two tracks of equal length are taken for copies of one recording
SAME_SECONDS = 2.0  # by which the lengths of copies differ at most
BLOCK = 512  # rows that are compared at once


@dataclass(frozen=True)
class Neighbour:
    """A similar track.

    Attributes
    ----------
    track
        The track.
    similarity
        Cosine of the embeddings, -1 to 1.
    copies
        Other files with what is taken for the same recording.
    """

    track: Track
    similarity: float
    copies: tuple[Track, ...] = ()


def find_similar(
    collection: Collection,
    embedding: NDArray[np.float32],
    *,
    n: int = 20,
    per_album: int = 2,
    without: int | None = None,
    without_artist: str | None = None,
) -> list[Neighbour]:
    """Find the tracks whose embeddings are nearest to one; see `Library.similar`.

    Parameters
    ----------
    collection
        The tracks.
    embedding : (size,) float32
        Of any length.
    n, per_album
        See `Library.similar`.
    without
        Row that is left out, with its copies: the track itself.
    without_artist
        Artist whose tracks are left out.
    """
    cosine = collection.embeddings @ (embedding / max(float(np.linalg.norm(embedding)), 1e-12))
    found: list[tuple[int, list[int]]] = []  # rows, with those of their copies
    of_album: dict[tuple[str | None, str], int] = {}
    seen = [] if without is None else [(without, collection.tracks([without])[0])]
    tracks: dict[int, Track] = {}
    for row, track in _in_order(collection, cosine):
        if row == without or (without_artist and (track.artist or "").casefold() == without_artist.casefold()):
            continue
        original = next((other for other, known in seen if _is_copy(collection, row, track, other, known)), None)
        if original is not None:
            for kept, copies in found:
                if kept == original:
                    copies.append(row)
                    tracks[row] = track
            continue
        if len(found) == n:
            break
        if track.album:
            album = (track.artist, track.album)
            of_album[album] = of_album.get(album, 0) + 1
            if of_album[album] > per_album:
                continue
        seen.append((row, track))
        found.append((row, []))
        tracks[row] = track
    return [Neighbour(tracks[row], float(cosine[row]), tuple(tracks[copy] for copy in copies)) for row, copies in found]


def find_path(collection: Collection, first: int, last: int, n: int = 10) -> list[Track]:
    """Find a playlist that moves from one track to another; see `Library.path`.

    Each step is the unused track nearest to a point on the great circle between both embeddings.
    """
    a, b = collection.embeddings[[first, last]]
    angle = float(np.arccos(np.clip(a @ b, -1, 1)))
    used = np.zeros(len(collection), bool)
    used[[first, last]] = True
    rows = [first]
    n = min(n, len(collection) + (first == last))
    for step in np.linspace(0, 1, n)[1:-1]:
        point = np.sin((1 - step) * angle) * a + np.sin(step * angle) * b if angle > 1e-6 else a
        cosine = np.where(used, -np.inf, collection.embeddings @ point)
        row = int(np.argmax(cosine))
        used[row] = True
        rows.append(row)
    return collection.tracks([*rows, last])


def find_duplicates(collection: Collection) -> list[list[Track]]:
    """Find groups of files that seem to hold the same recording; see `Library.duplicates`."""
    pairs: dict[int, int] = {}

    def root(row: int) -> int:
        while row in pairs:
            row = pairs[row]
        return row

    durations = np.array(collection.column("duration"))
    for start in range(0, len(collection), BLOCK):
        block = collection.embeddings[start : start + BLOCK]
        cosine = block @ collection.embeddings[start:].T
        for i, j in zip(*np.nonzero(cosine >= SAME), strict=True):
            row, other = start + int(i), start + int(j)
            if row < other and abs(durations[row] - durations[other]) <= SAME_SECONDS:
                first, second = sorted((root(row), root(other)))
                if first != second:
                    pairs[second] = first
    groups: dict[int, list[int]] = {}
    for row in sorted({*pairs, *pairs.values()}):
        groups.setdefault(root(row), []).append(row)
    return [collection.tracks(rows) for rows in groups.values()]


def _in_order(collection: Collection, cosine: NDArray[np.float32]) -> Iterator[tuple[int, Track]]:
    """Yield rows with their tracks, the nearest first, reading only as many as are used."""
    order = np.argsort(-cosine, kind="stable")
    for start in range(0, len(order), BLOCK):
        rows = order[start : start + BLOCK]
        yield from zip(rows.tolist(), collection.tracks(rows), strict=True)


def _is_copy(collection: Collection, row: int, track: Track, other: int, known: Track) -> bool:
    if abs(track.duration - known.duration) > SAME_SECONDS:
        return False
    return float(collection.embeddings[row] @ collection.embeddings[other]) >= SAME
