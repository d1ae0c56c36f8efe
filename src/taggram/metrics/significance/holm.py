"""Holm's correction of p-values for several tests."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from taggram.errors import EvaluationError
from taggram.metrics._checks import require_probabilities

__all__ = ["holm"]


def holm(p_values: NDArray[Any]) -> NDArray[np.float64]:
    """Adjust p-values for the number of tests, so that 5 % is the chance of any false difference among all of them.

    Parameters
    ----------
    p_values : (tests,)
        Of all comparisons that were made, also of those that are not shown.

    Returns
    -------
    (tests,) float64
        Adjusted p-values, at most 1: the k-th smallest of m is multiplied by m - k + 1, and is at least as large as the
        one before.

    Raises
    ------
    EvaluationError
        If a value is not between 0 and 1, or if the shape is another one.

    References
    ----------
    S. Holm: A simple sequentially rejective multiple test procedure. Scandinavian Journal of Statistics 6, 1979.

    Examples
    --------
    >>> holm(np.array([0.01, 0.04, 0.03]))
    array([0.03, 0.06, 0.06])
    """
    if p_values.ndim != 1:
        raise EvaluationError(f"p-values must have the shape (tests,), not {p_values.shape}")
    require_probabilities(p_values, "p-values")
    tests = len(p_values)
    order = np.argsort(p_values)
    adjusted = np.empty(tests)
    adjusted[order] = np.minimum(np.maximum.accumulate(p_values[order] * np.arange(tests, 0, -1)), 1)
    return adjusted
