"""Agreement of two sets of scores on the highest tags of each clip, without labels."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from taggram.errors import EvaluationError
from taggram.metrics._checks import require_comparable, require_counts, require_finite

__all__ = ["tag_agreement"]


def tag_agreement(
    first: NDArray[Any], second: NDArray[Any], k: int = 5, counts: NDArray[np.integer[Any]] | None = None
) -> NDArray[np.float64]:
    """Agreement on the `k` highest tags of each clip, beyond what different clips have in common.

    It is the mean share of common tags o, corrected by the share e that is expected of two different clips:
    ``(o - e) / (1 - e)``. With the scores of a model for clips and for deformed copies of them, it measures robustness
    without labels.

    The highest tags are those that are shown to people; a rank correlation would mostly compare the order of tags that
    do not apply. Without the correction, a model that gives most clips the same tags would be the most robust one.

    Parameters
    ----------
    first, second : (clips, tags)
        Scores of the same clips. Of equal scores the first tag is the highest.
    k
        Number of tags, 1 or more.
    counts : (resamples, clips) int
        How often each resample draws each clip, from `draw_counts`.

    Returns
    -------
    () float64, or (resamples,) with `counts`
        At most 1, for the same tags; 0 if the tags of a clip are as alike as those of different clips; NaN if all
        clips have the same tags, or if there is one clip only.

    Raises
    ------
    EvaluationError
        If the shapes differ or are not (clips, tags), if there are no clips, if a score is not finite, or if `k` is
        below 1 or above the number of tags.

    References
    ----------
    J. Cohen: A coefficient of agreement for nominal scales. Educational and Psychological Measurement 20, 1960 (the
    correction for chance).

    Examples
    --------
    >>> clean = np.array([[0.9, 0.8, 0.1, 0.2], [0.1, 0.2, 0.9, 0.8]])
    >>> noisy = np.array([[0.9, 0.3, 0.1, 0.4], [0.1, 0.2, 0.9, 0.8]])
    >>> float(tag_agreement(clean, clean, k=2)), float(tag_agreement(clean, noisy, k=2))
    (1.0, 0.666...)
    """
    require_comparable(first, second)
    require_finite(first)
    require_finite(second)
    if first.ndim != 2:
        raise EvaluationError(f"scores must have the shape (clips, tags), not {first.shape}")
    if not 1 <= k <= first.shape[1]:
        raise EvaluationError(f"k must be from 1 to the number of tags, {first.shape[1]}, not {k}")
    if counts is not None:
        require_counts(counts, len(first))
    a, b = _highest(first, k), _highest(second, k)
    weights = np.ones((1, len(first))) if counts is None else counts.astype(np.float64)
    overlap = (a * b).sum(axis=1) / k
    total, squares = weights.sum(axis=1), (weights**2).sum(axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        observed = weights @ overlap / total
        pairs = ((weights @ a) * (weights @ b)).sum(axis=1) / k - weights**2 @ overlap  # of different clips
        expected = pairs / (total**2 - squares)
        agreement = np.where(expected < 1, (observed - expected) / (1 - expected), np.nan)
    return agreement[0] if counts is None else agreement


def _highest(scores: NDArray[Any], k: int) -> NDArray[np.float64]:
    """Return which tags are the `k` highest of each clip, as zeros and ones (clips, tags)."""
    highest = np.zeros(scores.shape)
    np.put_along_axis(highest, np.argsort(-scores, axis=1, kind="stable")[:, :k], 1.0, axis=1)
    return highest
