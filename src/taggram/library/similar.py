"""Similar tracks, playlists from one track to another, and duplicates, by the cosine of embeddings."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from taggram.library.collection import Candidate, Collection, Track

__all__ = ["Neighbour", "find_duplicates", "find_path", "find_similar"]

Nearest = Callable[[NDArray[np.float32]], Iterator[Candidate]]  # yields tracks, those with the nearest embeddings first
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
    nearest: Nearest,
    embedding: NDArray[np.float32],
    *,
    n: int = 20,
    per_album: int = 2,
    without: Candidate | None = None,
    without_artist: str | None = None,
) -> list[Neighbour]:
    """Find the tracks whose embeddings are nearest to one; see `Library.similar`.

    Parameters
    ----------
    nearest
        `Collection.nearest` or `EmbeddingIndex.nearest`.
    embedding : (size,) float32
        Of any length.
    n, per_album
        See `Library.similar`.
    without
        Track that is left out, with its copies.
    without_artist
        Artist whose tracks are left out.
    """
    found: list[tuple[Candidate, list[Track]]] = []  # with copies
    of_album: dict[tuple[str | None, str], int] = {}
    for candidate in nearest(embedding):
        track = candidate.track
        if without_artist and (track.artist or "").casefold() == without_artist.casefold():
            continue
        if without is not None and (track.id == without.track.id or _is_copy(candidate, without)):
            continue
        copies = next((copies for original, copies in found if _is_copy(candidate, original)), None)
        if copies is not None:
            copies.append(track)
            continue
        if len(found) == n:
            break
        if track.album:
            album = (track.artist, track.album)
            of_album[album] = of_album.get(album, 0) + 1
            if of_album[album] > per_album:
                continue
        found.append((candidate, []))
    return [Neighbour(candidate.track, candidate.cosine, tuple(copies)) for candidate, copies in found]


def find_path(nearest: Nearest, first: Candidate, last: Candidate, n: int = 10) -> list[Track]:
    """Find a playlist that moves from one track to another; see `Library.path`.

    Each step is the unused track nearest to a point on the great circle between both embeddings.
    """
    a, b = first.embedding, last.embedding
    angle = float(np.arccos(np.clip(a @ b, -1, 1)))
    tracks, used = [first.track], {first.track.id, last.track.id}
    for step in np.linspace(0, 1, n)[1:-1]:
        point = np.sin((1 - step) * angle) * a + np.sin(step * angle) * b if angle > 1e-6 else a
        track = next((candidate.track for candidate in nearest(point) if candidate.track.id not in used), None)
        if track is None:
            break
        used.add(track.id)
        tracks.append(track)
    return [*tracks, last.track]


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


def _is_copy(one: Candidate, other: Candidate) -> bool:
    if abs(one.track.duration - other.track.duration) > SAME_SECONDS:
        return False
    return float(one.embedding @ other.embedding) >= SAME
