"""Points of the precision-recall curve."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from taggram.metrics.ranking._curve import curve_points

__all__ = ["PrCurve", "pr_curve"]


class PrCurve(NamedTuple):
    """Points of a precision-recall curve, from the highest threshold to the lowest.

    Attributes
    ----------
    precision : (points,) float64
        Share of positives among the clips with at least the threshold; 1 at the first point, where there are none.
    recall : (points,) float64
        Share of positives with at least the threshold, from 0 to 1; NaN without positives.
    thresholds : (points,) float64
        Infinity, then the distinct scores.
    """

    precision: NDArray[np.float64]
    recall: NDArray[np.float64]
    thresholds: NDArray[np.float64]


def pr_curve(scores: NDArray[Any], labels: NDArray[Any]) -> PrCurve:
    """Compute a point of the precision-recall curve for each distinct score.

    Draw it as steps: precision between two points is not on the line that connects them.

    Parameters
    ----------
    scores, labels
        As for `roc_curve`.

    Returns
    -------
    PrCurve
        Precision, recall and thresholds.

    Raises
    ------
    EvaluationError
        As for `roc_curve`.

    References
    ----------
    J. Davis, M. Goadrich: The relationship between precision-recall and ROC curves. ICML, 2006. The points are those of
    scikit-learn's `precision_recall_curve`, which has them in the opposite order.

    Examples
    --------
    >>> pr_curve(np.array([0.9, 0.7, 0.4]), np.array([True, False, True])).precision
    array([1.        , 1.        , 0.5       , 0.66666667])
    """
    points = curve_points(scores, labels)
    selected = points.true_positives + points.false_positives
    precision = np.append(1.0, points.true_positives[1:] / selected[1:])
    with np.errstate(invalid="ignore"):
        recall = points.true_positives / points.true_positives[-1]
    return PrCurve(precision, recall, points.thresholds)
