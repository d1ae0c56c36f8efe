"""Coefficient of determination of predicted quantities."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from taggram.metrics.regression._checks import as_quantities

__all__ = ["r2"]


def r2(predicted: NDArray[Any], truth: NDArray[Any]) -> NDArray[np.float64]:
    """Coefficient of determination of each quantity: the share of its variance that the predictions explain.

    Parameters
    ----------
    predicted, truth
        As for `mae`.

    Returns
    -------
    (quantities,) float64
        At most 1; 0 for predicting the mean of `truth`, below 0 for predictions that are worse. NaN for a quantity that
        is the same for all clips, for which scikit-learn returns 0 or 1.

    Raises
    ------
    EvaluationError
        As for `mae`.

    References
    ----------
    N. R. Draper, H. Smith: Applied regression analysis, 1998, chapter 1. It is not the square of a correlation.

    Examples
    --------
    >>> r2(np.array([[1.0], [2.0], [2.0]]), np.array([[1.0], [2.0], [3.0]]))
    array([0.5])
    """
    predictions, values = as_quantities(predicted, truth)
    residuals = ((values - predictions) ** 2).sum(axis=0)
    variation = ((values - values.mean(axis=0)) ** 2).sum(axis=0)
    varies = np.ptp(values, axis=0) > 0
    return np.where(varies, 1 - residuals / np.where(varies, variation, 1), np.nan)
