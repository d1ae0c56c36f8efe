"""Clips that sound the same: equal files, equal samples, and embeddings that lie close together."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from jaxtyping import Float32, Int64

__all__ = ["FEWEST", "THRESHOLD", "Close", "close", "equal", "standardised"]

THRESHOLD = 0.96  # benchmarks/duplicates.py chooses it
FEWEST = 50  # clips of which a mean and a standard deviation say something
BLOCK = 512  # clips that are compared with all others at once
NEIGHBOURS = 20  # close ones that are kept of a clip: a thousand silent clips have half a million pairs


@dataclass(frozen=True, eq=False)
class Close:
    """Pairs of clips whose embeddings lie close together.

    Attributes
    ----------
    pairs : (pairs, 2) int64
        Positions of clips, the smaller first; the closest pair first.
    cosines : (pairs,) float32
        Of each pair.
    total
        How many pairs there are; `pairs` has at most 20 for each clip.
    nearest : (clips,) float32
        Cosine of each clip with the one that is nearest to it; NaN for clips without an embedding.
    """

    pairs: Int64[np.ndarray, "pairs 2"]
    cosines: Float32[np.ndarray, " pairs"]
    total: int
    nearest: Float32[np.ndarray, " clips"]


def equal(hashes: Sequence[str]) -> list[tuple[int, ...]]:
    """Return the positions of clips that have the same hash, group by group; an empty hash is equal to none."""
    groups = defaultdict(list)
    for i, digest in enumerate(hashes):
        if digest:
            groups[digest].append(i)
    return [tuple(group) for group in groups.values() if len(group) > 1]


def standardised(embeddings: Float32[np.ndarray, "clips size"]) -> Float32[np.ndarray, "clips size"]:
    """Bring each value of embeddings to mean 0 and standard deviation 1, and then each row to length 1.

    Products of rows are then cosines. Without the standard deviation a few strong values decide, and more of the pairs
    that are none come as close as copies do.
    """
    deviation = embeddings.std(axis=0)
    away = (embeddings - embeddings.mean(axis=0)) / np.where(deviation > 0, deviation, 1)
    unit: Float32[np.ndarray, "clips size"] = np.asarray(
        away / np.maximum(np.linalg.norm(away, axis=1, keepdims=True), 1e-12), np.float32
    )
    return unit


def close(embeddings: Float32[np.ndarray, "clips size"], threshold: float = THRESHOLD) -> Close:
    """Find the pairs of clips whose standardised embeddings have a cosine of at least a threshold.

    Every clip is compared with every other, in blocks: 100,000 clips of 192 values take 2e12 multiplications.

    Parameters
    ----------
    embeddings : (clips, size) float32
        A row of NaN for a clip that has none. Of fewer than 50 that have one no pair is found.
    threshold
        -1 to 1.
    """
    known = np.flatnonzero(np.isfinite(embeddings).all(axis=1))
    nearest = np.full(len(embeddings), np.nan, np.float32)
    pairs, cosines, total = [np.zeros((0, 2), np.int64)], [np.zeros(0, np.float32)], 0
    unit = standardised(embeddings[known]) if known.size >= FEWEST else embeddings[:0]
    for first in range(0, len(unit), BLOCK):
        cosine = unit[first : first + BLOCK] @ unit.T
        rows = np.arange(len(cosine))
        cosine[rows, first + rows] = -np.inf
        nearest[known[first : first + BLOCK]] = cosine.max(axis=1)
        later = np.arange(known.size)[None] > first + rows[:, None]
        above = (cosine >= threshold) & later
        total += int(above.sum())
        for row in np.flatnonzero(above.any(axis=1)):
            found = np.flatnonzero(above[row])
            found = found[np.argsort(-cosine[row, found], kind="stable")][:NEIGHBOURS]
            pairs.append(np.stack([np.full(found.size, known[first + row]), known[found]], axis=1))
            cosines.append(cosine[row, found])
    joint = np.concatenate(cosines)
    order = np.argsort(-joint, kind="stable")
    return Close(np.concatenate(pairs)[order], joint[order], total, nearest)
