"""Average precision of each tag."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from taggram.metrics.ranking._positives import Positives, measure_positives

__all__ = ["average_precision"]


def average_precision(
    scores: NDArray[Any], labels: NDArray[Any], counts: NDArray[np.integer[Any]] | None = None
) -> NDArray[np.float64]:
    """Average precision: mean over the positives of the precision at each one's score.

    It is the sum over thresholds of precision times gain in recall, as in scikit-learn. `pr_auc` connects the points of
    the same curve by straight lines and is a different number.

    Parameters
    ----------
    scores, labels, counts
        As for `roc_auc`.

    Returns
    -------
    (tags,) float64, or (resamples, tags) with `counts`
        0 to 1; NaN for a tag without positives or without negatives, for which scikit-learn returns 0 and 1.

    Raises
    ------
    EvaluationError
        As for `roc_auc`.

    References
    ----------
    C. D. Manning, P. Raghavan, H. Schütze: Introduction to information retrieval, 2008, section 8.4.

    Examples
    --------
    >>> average_precision(np.array([[0.9], [0.7], [0.4]]), np.array([[True], [False], [True]]))
    array([0.83333333])
    """
    return measure_positives(_mean_precision, scores, labels, counts)


def _mean_precision(positives: Positives) -> NDArray[np.float64]:
    _, hits = positives.hits()
    return positives.mean(hits / np.maximum(positives.at_least, 1))  # 0 only where the positive is not drawn
