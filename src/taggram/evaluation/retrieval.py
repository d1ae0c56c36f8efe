"""Whether clips whose embeddings are near each other have something in common."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from taggram.errors import EvaluationError

if TYPE_CHECKING:
    from jaxtyping import Bool, Float, Float64, Shaped


def precision_at_k(
    embeddings: Float[np.ndarray, "clips size"],
    labels: Bool[np.ndarray, "clips labels"],
    groups: Shaped[np.ndarray, " clips"],
    k: int = 10,
) -> Float64[np.ndarray, " clips"]:
    """Share of the `k` nearest clips that have a label in common with a clip, each clip being asked in turn.

    Parameters
    ----------
    embeddings
        Compared by cosine. All pairs are held at once.
    labels
        Which clips have which label.
    groups
        Such as the artist: clips of the same group, and so the clip itself, are never neighbours. Otherwise one finds
        the sound of a recording rather than its kind (Pampalk, Flexer and Widmer, Improvements of audio-based music
        similarity and genre classification, 2005).
    k
        How many neighbours.

    Returns
    -------
    array, shape (clips,)
        0 to 1; NaN for a clip without labels.

    Raises
    ------
    EvaluationError
        If the three are not of equally many clips, or if a clip has fewer than `k` of other groups.
    """
    if not len(embeddings) == len(labels) == len(groups):
        sizes = f"{len(embeddings)}, {len(labels)} and {len(groups)}"
        raise EvaluationError(f"embeddings, labels and groups are not of the same clips: {sizes} rows")
    same = groups[:, None] == groups[None]
    if len(groups) and (~same).sum(axis=1).min() < k:
        raise EvaluationError(f"a clip has fewer than {k} others that are not of its group")
    length = np.linalg.norm(embeddings, axis=1, keepdims=True)
    unit = embeddings / np.where(length > 0, length, 1)
    nearness = np.where(same, -np.inf, unit @ unit.T)
    nearest = np.argsort(-nearness, axis=1, kind="stable")[:, :k]
    counts = labels.astype(np.int64)
    alike = counts @ counts.T > 0
    share = np.take_along_axis(alike, nearest, axis=1).mean(axis=1)
    return np.where(labels.any(axis=1), share, np.nan)
