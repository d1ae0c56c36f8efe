"""Points of the ROC curve."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from taggram.metrics.ranking._curve import curve_points

__all__ = ["RocCurve", "roc_curve"]


class RocCurve(NamedTuple):
    """Points of a ROC curve, from the highest threshold to the lowest.

    Attributes
    ----------
    false_positive_rate : (points,) float64
        Share of negatives with at least the threshold, from 0 to 1; NaN without negatives.
    true_positive_rate : (points,) float64
        Share of positives with at least the threshold, from 0 to 1; NaN without positives.
    thresholds : (points,) float64
        Infinity, then the distinct scores.
    """

    false_positive_rate: NDArray[np.float64]
    true_positive_rate: NDArray[np.float64]
    thresholds: NDArray[np.float64]


def roc_curve(scores: NDArray[Any], labels: NDArray[Any]) -> RocCurve:
    """Compute a point of the ROC curve for each distinct score.

    Parameters
    ----------
    scores : (clips,) or (clips, tags)
        Scores of a tag, such as ``scores[:, 3]``; or of all tags, which gives the micro-averaged curve.
    labels : same shape, bool
        Which clips have the tag.

    Returns
    -------
    RocCurve
        Rates and thresholds.

    Raises
    ------
    EvaluationError
        If the shapes differ, if there are no clips, if a score is not finite, or if a label is neither true nor false.

    References
    ----------
    T. Fawcett: An introduction to ROC analysis. Pattern Recognition Letters 27, 2006. Equals scikit-learn's `roc_curve`
    with ``drop_intermediate=False``.

    Examples
    --------
    >>> roc_curve(np.array([0.9, 0.7, 0.4]), np.array([True, False, True])).true_positive_rate
    array([0. , 0.5, 0.5, 1. ])
    """
    points = curve_points(scores, labels)
    with np.errstate(invalid="ignore"):
        false_positive_rate = points.false_positives / points.false_positives[-1]
        true_positive_rate = points.true_positives / points.true_positives[-1]
    return RocCurve(false_positive_rate, true_positive_rate, points.thresholds)
