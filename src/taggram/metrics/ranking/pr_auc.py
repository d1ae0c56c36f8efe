"""Area under the precision-recall curve of each tag, by trapezoids."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from taggram.metrics.ranking._positives import Positives, measure_positives

__all__ = ["pr_auc"]


def pr_auc(
    scores: NDArray[Any], labels: NDArray[Any], counts: NDArray[np.integer[Any]] | None = None
) -> NDArray[np.float64]:
    """Area under the precision-recall curve whose points are connected by straight lines (trapezoids).

    The curve begins at recall 0 and precision 1. Between two points precision does not really fall on a line, so the
    area is too optimistic, above all with many equal scores; `average_precision` has no such lines. Published "PR-AUC"
    is one or the other: compare only numbers of the same kind.

    Parameters
    ----------
    scores, labels, counts
        As for `roc_auc`.

    Returns
    -------
    (tags,) float64, or (resamples, tags) with `counts`
        0 to 1; NaN for a tag without positives or without negatives.

    Raises
    ------
    EvaluationError
        As for `roc_auc`.

    References
    ----------
    J. Davis, M. Goadrich: The relationship between precision-recall and ROC curves. ICML, 2006 (why lines are too
    optimistic). Equals scikit-learn's `auc` of the points of its `precision_recall_curve`.

    Examples
    --------
    >>> pr_auc(np.array([[0.9], [0.7], [0.4]]), np.array([[True], [False], [True]]))
    array([0.79166667])
    """
    return measure_positives(_trapezoids, scores, labels, counts)


def _trapezoids(positives: Positives) -> NDArray[np.float64]:
    hits_above, hits = positives.hits()
    before = np.where(positives.above > 0, hits_above / np.maximum(positives.above, 1), 1.0)
    return positives.mean((before + hits / np.maximum(positives.at_least, 1)) / 2)
