"""A map of a library: its embeddings in two dimensions, where tracks that sound alike lie close together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from taggram.library.collection import Collection
from taggram.models.card import LEVELS

__all__ = ["LibraryMap", "make_map", "project"]

NEIGHBOURS = 15  # of a track, which attract it
NEGATIVES = 10  # random tracks that push it away in a step
STEPS = 200
MOST = 30_000  # tracks whose neighbours are computed; the time grows with the square
BLOCK = 1024  # rows that are compared at once


@dataclass(frozen=True, eq=False)
class LibraryMap:
    """The tracks of a library in a plane.

    Attributes
    ----------
    ids : (tracks,) int64
        Numbers of the tracks.
    positions : (tracks, 2) float32
        From -1 to 1, with one scale for both axes.
    genres
        The most frequent genres of the library, the most frequent first; each at least maybe for 1 % of the tracks.
    genre : (tracks,) int64
        For each track, the index of the most characteristic of these genres; -1 where none is at least maybe.
    method
        ``"neighbours"``, or ``"pca"`` for more than 30,000 tracks.
    """

    ids: NDArray[np.int64]
    positions: NDArray[np.float32]
    genres: tuple[str, ...]
    genre: NDArray[np.int64]
    method: Literal["neighbours", "pca"]


def make_map(collection: Collection, *, genres: int = 8, seed: int = 0) -> LibraryMap:
    """Make a map; see `Library.map`."""
    positions = project(collection.embeddings, seed=seed)
    names, genre = _characteristic_genres(collection, genres)
    return LibraryMap(collection.ids, positions, names, genre, "neighbours" if len(collection) <= MOST else "pca")


def project(embeddings: NDArray[np.float32], *, seed: int = 0) -> NDArray[np.float32]:
    """Project embeddings onto a plane so that neighbours stay neighbours.

    Starts from the first two principal components. Then each point is attracted by its nearest neighbours and pushed
    away from random points, with the forces of UMAP for a = b = 1 (McInnes et al. 2018, arXiv:1802.03426). More than
    30,000 points stay where the principal components have them.

    Parameters
    ----------
    embeddings : (points, size) float32
        Of unit length.
    seed
        Of the random points; the same seed gives the same plane.

    Returns
    -------
    (points, 2) float32
        Positions from -1 to 1.
    """
    n = len(embeddings)
    if n < 2:
        return np.zeros((n, 2), np.float32)
    positions = _principal_components(embeddings)
    if n <= MOST:
        k = min(NEIGHBOURS, n - 1)
        neighbours = _nearest(embeddings, k)
        rng = np.random.default_rng(seed)
        for step in range(STEPS):
            to_neighbour = positions[neighbours] - positions[:, None]
            pull = to_neighbour / (1 + _squared(to_neighbour))
            force = pull.sum(1) - _sum_by(neighbours.ravel(), pull.reshape(-1, 2), n)
            for _ in range(NEGATIVES):
                away = positions - positions[rng.permutation(n)]
                squared = _squared(away)
                push = away / ((0.001 + squared) * (1 + squared))
                force += np.clip(push, -4, 4) * (2 * k / NEGATIVES)
            positions = positions + force * ((1 - step / STEPS) / (4 * k))
    low, high = positions.min(0), positions.max(0)
    scaled: NDArray[np.float64] = (positions - (low + high) / 2) / max(1e-12, float((high - low).max()) / 2)
    return scaled.astype(np.float32)


def _principal_components(embeddings: NDArray[np.float32]) -> NDArray[np.float64]:
    """Return the first two principal components (points, 2), with a standard deviation of at most 1."""
    centred = embeddings - embeddings.mean(0)
    _, vectors = np.linalg.eigh((centred.T @ centred).astype(np.float64))
    axes = vectors[:, :-3:-1]
    axes = axes * np.sign(axes[np.abs(axes).argmax(0), range(axes.shape[1])])  # the sign is arbitrary
    components = np.zeros((len(embeddings), 2))
    components[:, : axes.shape[1]] = centred @ axes
    return components / max(1e-12, float(components.std(0).max()))


def _nearest(embeddings: NDArray[np.float32], k: int) -> NDArray[np.int64]:
    """Return the rows of the k nearest other points of each point (points, k), in any order."""
    nearest = np.empty((len(embeddings), k), np.int64)
    for start in range(0, len(embeddings), BLOCK):
        cosine = embeddings[start : start + BLOCK] @ embeddings.T
        rows = np.arange(len(cosine))
        cosine[rows, start + rows] = -np.inf
        nearest[start : start + BLOCK] = np.argpartition(-cosine, k - 1, axis=1)[:, :k]
    return nearest


def _squared(vectors: NDArray[np.float64]) -> Any:
    return vectors[..., :1] ** 2 + vectors[..., 1:] ** 2


def _sum_by(rows: NDArray[np.int64], vectors: NDArray[np.float64], n: int) -> NDArray[np.float64]:
    """Return the sums (n, 2) of the vectors of each row."""
    return np.stack([np.bincount(rows, vectors[:, axis], n) for axis in (0, 1)], axis=1)


def _characteristic_genres(collection: Collection, most: int) -> tuple[tuple[str, ...], NDArray[np.int64]]:
    """Return the most frequent genres, and for each track which of them is highest above the library's mean.

    The highest probability would not do: where most music is electronic, nearly every track would be just that.
    """
    vocabulary = collection.card.vocabulary
    columns = [i for i, name in enumerate(vocabulary.names) if vocabulary.tags[name] == "genre"]
    probabilities = collection.probabilities[:, columns]
    holds = probabilities >= LEVELS["maybe"]
    counts = holds.sum(0)
    least = max(1, len(collection) / 100)
    frequent = [int(i) for i in np.argsort(-counts, kind="stable")[:most] if counts[i] >= least]
    if not frequent:
        return (), np.full(len(collection), -1)
    ratio = np.where(holds, probabilities / np.maximum(probabilities.mean(0), 1e-6), 0)[:, frequent]
    genre = np.where(ratio.any(1), ratio.argmax(1), -1)
    return tuple(vocabulary.names[columns[i]] for i in frequent), genre
