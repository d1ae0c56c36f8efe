"""Bootstrap intervals of a statistic over clips."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from taggram.errors import EvaluationError
from taggram.metrics._checks import require_clips

__all__ = ["Interval", "bootstrap", "paired_bootstrap"]


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


def bootstrap(
    statistic: Callable[..., float], *arrays: NDArray[Any], rng: np.random.Generator, resamples: int = 1000
) -> Interval:
    """Compute the 95 % percentile interval of a statistic over clips.

    Parameters
    ----------
    statistic
        Takes the arrays and returns a number.
    arrays : (clips, ...)
        A resample draws as many clips as there are, with replacement, the same clips from every array.
    rng
        Source of the draws; the same seed gives the same interval.
    resamples
        Number of resamples. Those whose statistic is NaN are left out.

    Returns
    -------
    Interval
        Value and interval.

    Raises
    ------
    EvaluationError
        If the arrays have different numbers of clips, or none.

    References
    ----------
    B. Efron, R. J. Tibshirani: An introduction to the bootstrap, 1993, chapter 13.

    Examples
    --------
    >>> bootstrap(np.mean, np.arange(100.0), rng=np.random.default_rng(0))
    Interval(value=49.5, low=43.81..., high=54.95...)
    """
    sizes = {len(array) for array in arrays}
    if len(sizes) != 1:
        raise EvaluationError(f"arrays have different numbers of clips: {sorted(sizes)}")
    require_clips(arrays[0])
    n = sizes.pop()
    draws = (rng.integers(n, size=n) for _ in range(resamples))
    values = np.array([statistic(*(array[draw] for array in arrays)) for draw in draws])
    low, high = np.nanpercentile(values, (2.5, 97.5))
    return Interval(float(statistic(*arrays)), float(low), float(high))


def paired_bootstrap(
    statistic: Callable[..., float],
    first: NDArray[Any],
    second: NDArray[Any],
    *shared: NDArray[Any],
    rng: np.random.Generator,
    resamples: int = 1000,
) -> Interval:
    """Compute the 95 % interval of a difference: the statistic of `first` minus that of `second`.

    Both are taken on the same resamples, so that clips which are hard for both do not widen the interval.

    Parameters
    ----------
    statistic
        Takes `first` or `second`, then the shared arrays, and returns a number.
    first, second : (clips, ...)
        Such as the scores of two models.
    shared : (clips, ...)
        Such as the labels.
    rng, resamples
        As for `bootstrap`.

    Returns
    -------
    Interval
        Difference and interval.

    Raises
    ------
    EvaluationError
        If the arrays have different numbers of clips, or none.

    References
    ----------
    B. Efron, R. J. Tibshirani: An introduction to the bootstrap, 1993, chapter 13.

    Examples
    --------
    >>> first, second = np.array([0.9, 0.8, 0.7, 0.9]), np.array([0.8, 0.7, 0.7, 0.6])
    >>> paired_bootstrap(np.mean, first, second, rng=np.random.default_rng(0))
    Interval(value=0.125..., low=0.025..., high=0.25...)
    """

    def difference(first: NDArray[Any], second: NDArray[Any], *shared: NDArray[Any]) -> float:
        return statistic(first, *shared) - statistic(second, *shared)

    return bootstrap(difference, first, second, *shared, rng=rng, resamples=resamples)
