"""Mean absolute error of predicted quantities."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from taggram.metrics.regression._checks import as_quantities

__all__ = ["mae"]


def mae(predicted: NDArray[Any], truth: NDArray[Any]) -> NDArray[np.float64]:
    """Mean absolute error of each quantity.

    Parameters
    ----------
    predicted, truth : (clips, quantities)
        Finite numbers of any type, such as valence and arousal.

    Returns
    -------
    (quantities,) float64
        In the unit of the quantity; 0 is best.

    Raises
    ------
    EvaluationError
        If the shapes differ or are not (clips, quantities), if there are no clips, or if a value is not finite.

    Examples
    --------
    >>> mae(np.array([[1.0], [2.0]]), np.array([[1.5], [2.0]]))
    array([0.25])
    """
    predictions, values = as_quantities(predicted, truth)
    errors: NDArray[np.float64] = np.abs(predictions - values).mean(axis=0)
    return errors
