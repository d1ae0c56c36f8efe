"""Bootstrap intervals of a statistic over groups of clips, such as songs or artists."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from taggram.errors import EvaluationError
from taggram.metrics._checks import require_clips
from taggram.metrics.significance.interval import Interval, percentile_interval

__all__ = ["bootstrap", "draw_counts", "paired_bootstrap"]


def draw_counts(groups: NDArray[Any], *, rng: np.random.Generator, resamples: int = 1000) -> NDArray[np.int32]:
    """Draw resamples of groups, and count how often each clip is drawn.

    A resample draws as many groups as there are, with replacement, each with all of its clips. Pass the counts to a
    metric such as `roc_auc`, or to `resample_average`: this is much faster than to compute the metric of each resample
    by itself. All models that are compared need the same counts.

    Parameters
    ----------
    groups : (clips,)
        Song or artist of each clip. Clips of the same song or artist resemble each other; drawn one by one, they would
        make the interval too narrow. With one clip per song, pass its index.
    rng
        Source of the draws; the same seed gives the same counts.
    resamples
        Number of resamples.

    Returns
    -------
    (resamples, clips) int32
        0 for a clip that is not drawn.

    Raises
    ------
    EvaluationError
        If there are no clips or no resamples, or if `groups` is not one-dimensional.

    References
    ----------
    A. C. Davison, D. V. Hinkley: Bootstrap methods and their application, 1997, section 3.8 (resampling of groups).

    Examples
    --------
    >>> draw_counts(np.array(["song 1", "song 1", "song 2"]), rng=np.random.default_rng(0), resamples=3)
    array([[0, 0, 2],
           [1, 1, 1],
           [2, 2, 0]], dtype=int32)
    """
    if resamples < 1:
        raise EvaluationError(f"a bootstrap needs at least one resample, not {resamples}")
    index = index_groups(groups)
    number = int(index.max()) + 1
    counts = np.empty((resamples, len(index)), np.int32)
    for row in counts:
        row[:] = np.bincount(rng.integers(number, size=number), minlength=number)[index]
    return counts


def bootstrap(
    statistic: Callable[..., float],
    *arrays: NDArray[Any],
    groups: NDArray[Any] | None = None,
    rng: np.random.Generator,
    resamples: int = 1000,
) -> Interval:
    """Compute the 95 % percentile interval of any statistic of clips.

    The statistic is computed in each resample by itself. For averages over tags, `resample_average` is faster.

    Parameters
    ----------
    statistic
        Takes the arrays and returns a number.
    arrays : (clips, ...)
        All have the same clips in every resample.
    groups : (clips,)
        Song or artist of each clip, see `draw_counts`. None only if no two clips are of the same song.
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
    groups = require_same_clips(*arrays, groups=groups)
    clips = np.arange(len(groups))
    draws = (np.repeat(clips, row) for row in draw_counts(groups, rng=rng, resamples=resamples))
    values = np.array([statistic(*(array[draw] for array in arrays)) for draw in draws])
    return percentile_interval(statistic(*arrays), values)


def paired_bootstrap(
    statistic: Callable[..., float],
    first: NDArray[Any],
    second: NDArray[Any],
    *shared: NDArray[Any],
    groups: NDArray[Any] | None = None,
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
    groups, rng, resamples
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

    return bootstrap(difference, first, second, *shared, groups=groups, rng=rng, resamples=resamples)


def require_same_clips(*arrays: NDArray[Any], groups: NDArray[Any] | None) -> NDArray[Any]:
    """Return the groups of the clips, by default a group for each.

    Raises
    ------
    EvaluationError
        If there are no clips, or different numbers of them.
    """
    sizes = {len(array) for array in (*arrays, *([] if groups is None else [groups]))}
    if len(sizes) != 1:
        raise EvaluationError(f"arrays have different numbers of clips: {sorted(sizes)}")
    require_clips(arrays[0])
    return np.arange(len(arrays[0])) if groups is None else groups


def index_groups(groups: NDArray[Any]) -> NDArray[np.int64]:
    """Return the number (clips,) of each clip's group, from 0.

    Raises
    ------
    EvaluationError
        If there are no clips, or if `groups` is not one-dimensional.
    """
    if groups.ndim != 1:
        raise EvaluationError(f"groups must have the shape (clips,), not {groups.shape}")
    require_clips(groups)
    index: NDArray[np.int64] = np.unique(groups, return_inverse=True)[1]
    return index
