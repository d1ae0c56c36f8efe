"""Spearman's rank correlation of each tag."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from taggram.metrics._checks import require_comparable, require_finite
from taggram.metrics.ranking._ranks import ranks

__all__ = ["spearman"]


def spearman(first: NDArray[Any], second: NDArray[Any]) -> NDArray[np.float64]:
    """Spearman's rank correlation: Pearson's correlation of the ranks, where ties share their mean rank.

    Parameters
    ----------
    first, second : (clips, tags)
        Scores of two models for the same clips, finite numbers of any type.

    Returns
    -------
    (tags,) float64
        -1 to 1; NaN for a tag for which one of the two scores all clips alike.

    Raises
    ------
    EvaluationError
        If the shapes differ, if there are no clips, or if a score is not finite.

    References
    ----------
    C. Spearman: The proof and measurement of association between two things. American Journal of Psychology 15, 1904.

    Examples
    --------
    >>> spearman(np.array([[0.1], [0.2], [0.3]]), np.array([[0.5], [0.9], [0.8]]))
    array([0.5])
    """
    require_comparable(first, second)
    require_finite(first)
    require_finite(second)
    mean = (len(first) + 1) / 2
    a, b = ranks(first) - mean, ranks(second) - mean
    norm = np.sqrt((a**2).sum(axis=0) * (b**2).sum(axis=0))
    correlations = np.full(len(norm), np.nan)
    np.divide((a * b).sum(axis=0), norm, out=correlations, where=norm > 0)
    return correlations
