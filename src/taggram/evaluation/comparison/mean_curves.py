"""ROC and precision-recall curves of a model, averaged over tags, so that their areas are the macro means."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from taggram.metrics import pr_curve, roc_curve

__all__ = ["GRID", "mean_pr_curve", "mean_roc_curve"]

GRID: NDArray[np.float64] = np.linspace(0, 1, 501)


def mean_roc_curve(scores: NDArray[Any], truth: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Average the true-positive rate over tags at the false-positive rates of `GRID`.

    Parameters
    ----------
    scores, truth : (clips, tags)
        Tags without positives or without negatives are left out.

    Returns
    -------
    (points,) float64
        Its area is the macro ROC-AUC, to the step of the grid; NaN if no tag is left.
    """

    def rates(tag: int) -> NDArray[np.float64]:
        x, y, _ = roc_curve(scores[:, tag], truth[:, tag])
        last = np.append(x[1:] != x[:-1], True)  # at a vertical step its upper end; the curve still begins at 0
        return np.append(0, np.interp(GRID[1:], x[last], y[last]))

    return _mean(rates, truth)


def mean_pr_curve(scores: NDArray[Any], truth: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Average the precision over tags at the recalls of `GRID`.

    Between two points, precision is that of the higher recall, as in average precision.

    Parameters
    ----------
    scores, truth : (clips, tags)
        Tags without positives or without negatives are left out.

    Returns
    -------
    (points,) float64
        Its area is the macro average precision, to the step of the grid; NaN if no tag is left.
    """

    def precisions(tag: int) -> NDArray[np.float64]:
        precision, recall, _ = pr_curve(scores[:, tag], truth[:, tag])
        at: NDArray[np.float64] = precision[np.searchsorted(recall, np.maximum(GRID, GRID[1] / 2) - 1e-12)]
        return at

    return _mean(precisions, truth)


def _mean(curve: Any, truth: NDArray[np.bool_]) -> NDArray[np.float64]:
    tags = np.flatnonzero(truth.any(axis=0) & ~truth.all(axis=0)).tolist()
    mean: NDArray[np.float64] = np.mean([curve(tag) for tag in tags], axis=0) if tags else np.full(len(GRID), np.nan)
    return mean
