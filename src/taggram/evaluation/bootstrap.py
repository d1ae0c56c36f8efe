"""What a figure could have been with other clips of the same kind: percentile intervals over resampled clips."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from taggram.errors import EvaluationError
from taggram.evaluation.checks import require_clips

if TYPE_CHECKING:
    from collections.abc import Callable

    from jaxtyping import Shaped


class Interval(NamedTuple):
    """A figure with its 95 % interval.

    Attributes
    ----------
    value
        On the clips as they are.
    low, high
        Of the resamples, 2.5 % lie below `low` and 2.5 % above `high`.
    """

    value: float
    low: float
    high: float


def bootstrap(
    statistic: Callable[..., float],
    *arrays: Shaped[np.ndarray, "clips ..."],
    rng: np.random.Generator,
    resamples: int = 1000,
) -> Interval:
    """Find the 95 % interval of a statistic over clips.

    Parameters
    ----------
    statistic
        Takes the arrays and returns a figure.
    arrays
        One row for each clip. A resample draws as many clips as there are, with replacement, the same in all arrays.
    rng
        Where the draws come from; the same seed gives the same interval.
    resamples
        How many.

    Returns
    -------
    Interval
        The percentile interval of Efron and Tibshirani, An introduction to the bootstrap, 1993. Resamples for which
        the statistic is NaN are left out.

    Raises
    ------
    EvaluationError
        If the arrays are not of equally many clips, or of none.

    Examples
    --------
    >>> bootstrap(np.mean, np.arange(100.0), rng=np.random.default_rng(0))
    Interval(value=49.5, low=43.81..., high=54.95...)
    """
    clips = {len(array) for array in arrays}
    if len(clips) != 1:
        raise EvaluationError(f"arrays of the same clips have the same length, not {sorted(clips)}")
    require_clips(arrays[0])
    n = clips.pop()
    drawn = (rng.integers(n, size=n) for _ in range(resamples))
    found = np.array([statistic(*(array[clip] for array in arrays)) for clip in drawn])
    low, high = np.nanpercentile(found, (2.5, 97.5))
    return Interval(float(statistic(*arrays)), float(low), float(high))


def paired_bootstrap(
    statistic: Callable[..., float],
    first: Shaped[np.ndarray, "clips ..."],
    second: Shaped[np.ndarray, "clips ..."],
    *shared: Shaped[np.ndarray, "clips ..."],
    rng: np.random.Generator,
    resamples: int = 1000,
) -> Interval:
    """Find the 95 % interval of a difference: the statistic of the first minus that of the second, on the same clips.

    Both are taken on the same resamples, so what makes clips hard for both cancels out.

    Parameters
    ----------
    statistic
        Takes an array of one of the two, then the shared ones, and returns a figure.
    first, second
        What is compared, such as the scores of two models; one row for each clip.
    shared
        What both are compared with, such as labels.
    rng, resamples
        As for `bootstrap`.

    Raises
    ------
    EvaluationError
        If the arrays are not of equally many clips, or of none.
    """

    def difference(first: np.ndarray, second: np.ndarray, *shared: np.ndarray) -> float:
        return statistic(first, *shared) - statistic(second, *shared)

    return bootstrap(difference, first, second, *shared, rng=rng, resamples=resamples)
