"""Average precision of each tag."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from taggram.metrics._checks import require_comparable
from taggram.metrics._ranks import ranking

__all__ = ["average_precision"]


def average_precision(scores: NDArray[np.floating[Any]], labels: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Average precision: mean over the positives of the precision at each one's score.

    It is the sum over thresholds of precision times gain in recall, as in scikit-learn, not the area under an
    interpolated curve.

    Parameters
    ----------
    scores : (clips, tags)
        In any unit; higher means more likely.
    labels : (clips, tags) bool
        Which clips have which tag.

    Returns
    -------
    (tags,) float64
        0 to 1; NaN for a tag without positives or without negatives.

    Raises
    ------
    EvaluationError
        If the shapes differ, if there are no clips, or if a score is NaN.

    References
    ----------
    C. D. Manning, P. Raghavan, H. Schütze: Introduction to information retrieval, 2008, section 8.4.

    Examples
    --------
    >>> average_precision(np.array([[0.9], [0.7], [0.4]]), np.array([[True], [False], [True]]))
    array([0.83333333])
    """
    require_comparable(scores, labels)
    clips, _, last = ranking(-scores)
    labels = np.take_along_axis(labels.astype(bool), clips, axis=0)
    hits = np.take_along_axis(labels.cumsum(axis=0), last, axis=0)
    positives = labels.sum(axis=0)
    total = (labels * hits / (last + 1)).sum(axis=0)
    precisions = np.full(len(positives), np.nan)
    np.divide(total, positives, out=precisions, where=(positives > 0) & (positives < len(scores)))
    return precisions
