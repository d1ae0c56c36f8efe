"""Duplicates: clips with equal hashes, and pairs of clips with similar embeddings."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["FEWEST", "THRESHOLD", "NearDuplicates", "equal_groups", "near_duplicates", "standardise"]

THRESHOLD = 0.96  # chosen by benchmarks/duplicates.py
FEWEST = 50  # clips for which mean and standard deviation are meaningful
BLOCK = 512  # clips that are compared with all others at once
NEIGHBOURS = 20  # pairs that are kept per clip: a thousand silent clips have half a million pairs


@dataclass(frozen=True, eq=False)
class NearDuplicates:
    """Pairs of clips with similar embeddings.

    Attributes
    ----------
    pairs : (pairs, 2) int64
        Positions of the clips, the smaller first, in descending order of similarity; at most 20 pairs per clip.
    cosines : (pairs,) float32
        Cosine similarity of each pair.
    total
        Number of pairs without the limit per clip.
    nearest : (clips,) float32
        Cosine similarity of each clip with its nearest neighbour; NaN for clips without an embedding.
    """

    pairs: NDArray[np.int64]
    cosines: NDArray[np.float32]
    total: int
    nearest: NDArray[np.float32]


def equal_groups(hashes: Sequence[str]) -> list[tuple[int, ...]]:
    """Return groups of positions with equal hashes; empty hashes are ignored."""
    groups = defaultdict(list)
    for i, digest in enumerate(hashes):
        if digest:
            groups[digest].append(i)
    return [tuple(group) for group in groups.values() if len(group) > 1]


def standardise(embeddings: NDArray[np.float32]) -> NDArray[np.float32]:
    """Scale each dimension of embeddings to mean 0 and standard deviation 1, then each row to length 1.

    Inner products of rows are then cosines. Without the division by the standard deviation a few strong dimensions
    dominate, and more unrelated pairs are as similar as copies.

    Parameters
    ----------
    embeddings : (clips, size) float32
        One row per clip.

    Returns
    -------
    (clips, size) float32
        Rows of length 1.
    """
    deviation = embeddings.std(axis=0)
    centred = (embeddings - embeddings.mean(axis=0)) / np.where(deviation > 0, deviation, 1)
    return np.asarray(centred / np.maximum(np.linalg.norm(centred, axis=1, keepdims=True), 1e-12), np.float32)


def near_duplicates(embeddings: NDArray[np.float32], threshold: float = THRESHOLD) -> NearDuplicates:
    """Find the pairs of clips whose standardised embeddings have at least a given cosine similarity.

    Every clip is compared with every other, in blocks: 100,000 clips of 192 values take 2e12 multiplications.

    Parameters
    ----------
    embeddings : (clips, size) float32
        A row of NaN for a clip without audio. With fewer than 50 other rows no pair is found.
    threshold
        Minimum cosine similarity, -1 to 1.
    """
    rows = np.flatnonzero(np.isfinite(embeddings).all(axis=1))
    nearest = np.full(len(embeddings), np.nan, np.float32)
    pairs, cosines, total = [np.zeros((0, 2), np.int64)], [np.zeros(0, np.float32)], 0
    unit = standardise(embeddings[rows]) if rows.size >= FEWEST else embeddings[:0]
    for first in range(0, len(unit), BLOCK):
        cosine = unit[first : first + BLOCK] @ unit.T
        block = np.arange(len(cosine))
        cosine[block, first + block] = -np.inf
        nearest[rows[first : first + BLOCK]] = cosine.max(axis=1)
        later = np.arange(rows.size)[None] > first + block[:, None]
        above = (cosine >= threshold) & later
        total += int(above.sum())
        for row in np.flatnonzero(above.any(axis=1)):
            similar = np.flatnonzero(above[row])
            similar = similar[np.argsort(-cosine[row, similar], kind="stable")][:NEIGHBOURS]
            pairs.append(np.stack([np.full(similar.size, rows[first + row]), rows[similar]], axis=1))
            cosines.append(cosine[row, similar])
    joint = np.concatenate(cosines)
    order = np.argsort(-joint, kind="stable")
    return NearDuplicates(np.concatenate(pairs)[order], joint[order], total, nearest)
