"""Precision of nearest neighbours in an embedding space."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from taggram.errors import EvaluationError

__all__ = ["neighbour_precision"]


def neighbour_precision(
    embeddings: NDArray[np.floating[Any]], labels: NDArray[np.bool_], groups: NDArray[Any], k: int = 10
) -> NDArray[np.float64]:
    """Share of the `k` nearest clips that have a label in common with the query; every clip is the query once.

    Parameters
    ----------
    embeddings : (clips, size)
        Compared by cosine similarity. The matrix of all pairs is kept in memory.
    labels : (clips, labels) bool
        Which clips have which label.
    groups : (clips,)
        Such as the artist: clips of the query's group, and so the query itself, are never neighbours. Without this
        filter one measures the sound of a recording rather than its style.
    k
        Number of neighbours.

    Returns
    -------
    (clips,) float64
        0 to 1; NaN for a clip without labels.

    Raises
    ------
    EvaluationError
        If the numbers of clips differ, or if a clip has fewer than `k` clips of other groups.

    References
    ----------
    E. Pampalk, A. Flexer, G. Widmer: Improvements of audio-based music similarity and genre classification. ISMIR,
    2005 (the artist filter).

    Examples
    --------
    >>> embeddings = np.array([[1.0, 0.0], [0.9, 0.1], [0.0, 1.0]])
    >>> neighbour_precision(embeddings, np.array([[True], [True], [False]]), np.arange(3), k=1)
    array([ 1.,  1., nan])
    """
    if not len(embeddings) == len(labels) == len(groups):
        sizes = f"{len(embeddings)}, {len(labels)} and {len(groups)}"
        raise EvaluationError(f"embeddings, labels and groups have different numbers of clips: {sizes}")
    same = groups[:, None] == groups[None]
    if len(groups) and (~same).sum(axis=1).min() < k:
        raise EvaluationError(f"a clip has fewer than {k} clips of other groups: choose a smaller k")
    norms = np.linalg.norm(embeddings, axis=1, keepdims=True)
    unit = embeddings / np.where(norms > 0, norms, 1)
    similarity = np.where(same, -np.inf, unit @ unit.T)
    nearest = np.argsort(-similarity, axis=1, kind="stable")[:, :k]
    counts = labels.astype(np.int64)
    relevant = counts @ counts.T > 0
    precision = np.take_along_axis(relevant, nearest, axis=1).mean(axis=1)
    return np.where(labels.any(axis=1), precision, np.nan)
