"""A value with the interval of its resamples."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from taggram.errors import EvaluationError

__all__ = ["Interval", "percentile_interval"]


class Interval(NamedTuple):
    """A value with its 95 % interval.

    Attributes
    ----------
    value
        Statistic of all clips.
    low, high
        2.5 % of the resamples are below `low` and 2.5 % above `high`.
    """

    value: float
    low: float
    high: float


def percentile_interval(value: float, resampled: NDArray[np.floating[Any]]) -> Interval:
    """Compute the 95 % percentile interval of a value from its resamples.

    For a difference of two models, pass the difference of their resampled values under the same `counts`: the interval
    is then paired.

    Parameters
    ----------
    value
        Statistic of all clips.
    resampled : (resamples,)
        Its value in each resample, such as from `resample_average`. NaN are left out.

    Returns
    -------
    Interval
        Value and interval; NaN without resamples that have a value.

    Raises
    ------
    EvaluationError
        If the shape is another one.

    References
    ----------
    B. Efron, R. J. Tibshirani: An introduction to the bootstrap, 1993, chapter 13.

    Examples
    --------
    >>> percentile_interval(0.5, np.linspace(0, 1, 101))
    Interval(value=0.5, low=0.025, high=0.975)
    """
    if resampled.ndim != 1:
        raise EvaluationError(f"resampled values must have the shape (resamples,), not {resampled.shape}")
    values = resampled[~np.isnan(resampled)]
    low, high = np.percentile(values, (2.5, 97.5)) if len(values) else (np.nan, np.nan)
    return Interval(float(value), float(low), float(high))
