"""Share of a metric above chance that is retained under a deformation."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from taggram.errors import EvaluationError

__all__ = ["mean_over_strengths", "retained_skill"]


def retained_skill(clean: ArrayLike, deformed: ArrayLike, chance: ArrayLike) -> NDArray[np.float64]:
    """Share of a metric above chance that is retained when the clips are deformed.

    Skill is the metric minus the value that a random order has: the share of positives for average precision, 0.5 for
    ROC-AUC. Retained skill is the mean skill for deformed clips, divided by the mean skill for the clips as they are.
    Of average precision it is the *retained AP*.

    A plain ratio of the two values would favour poor models, because chance has nothing to lose: at 30 % positives, a
    model that falls from 0.33 to chance would keep 0.91, and one that falls from 0.90 to 0.60 only 0.67. By skill they
    retain 0 and 0.5. Skills are summed over tags before they are divided, since the skill of a single tag may be close
    to 0. Values above 1 count as 1, so that a gain under one deformation does not offset a drop under another.

    It ignores how good the model is, so show the metric itself beside it; which clips and tags change, as long as the
    mean does not; and the scores themselves, as only their order counts.

    Parameters
    ----------
    clean, deformed : (..., tags)
        The metric of each tag for the clips as they are, and for the deformed clips. A tag with NaN in either is left
        out; so set tags to NaN whose labels the deformation makes wrong.
    chance : (..., tags)
        Value of a random order for each tag.

    Returns
    -------
    (...) float64
        0 to 1: 0 at chance or below, 1 without a drop; NaN if the model is not better than chance for the clips as
        they are.

    Examples
    --------
    >>> round(float(retained_skill(clean=[0.9, 0.7], deformed=[0.7, 0.7], chance=[0.5, 0.1])), 3)
    0.8
    """
    clean, deformed, chance = np.broadcast_arrays(*(np.asarray(each, np.float64) for each in (clean, deformed, chance)))
    defined = ~np.isnan(clean) & ~np.isnan(deformed)
    before = np.where(defined, clean - chance, 0).sum(axis=-1)
    after = np.where(defined, deformed - chance, 0).sum(axis=-1)
    retained = np.full(before.shape, np.nan)
    np.divide(after, before, out=retained, where=before > 0)
    return np.clip(retained, 0, 1)


def mean_over_strengths(values: ArrayLike, deformations: ArrayLike) -> NDArray[np.float64]:
    """Mean over the strengths of each deformation, then over deformations.

    Every deformation has the same weight, whatever the number of its strengths.

    Parameters
    ----------
    values : (conditions, ...)
        A value for each deformation at each strength. NaN are left out.
    deformations : (conditions,)
        Name of the deformation of each.

    Returns
    -------
    (...) float64
        NaN if no deformation has a value.

    Raises
    ------
    EvaluationError
        If the numbers differ, or if there are none.

    Examples
    --------
    >>> round(float(mean_over_strengths([0.9, 0.7, 0.4], ["noise", "noise", "mp3"])), 3)
    0.6
    """
    values, names = np.asarray(values, np.float64), np.asarray(deformations)
    if not len(names) or len(values) != len(names):
        raise EvaluationError(f"there are {len(values)} values for {len(names)} deformations")
    return _mean(np.stack([_mean(values[names == name]) for name in dict.fromkeys(names.tolist())]))


def _mean(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Mean over the first axis of the values that are not NaN; NaN if there are none."""
    count = (~np.isnan(values)).sum(axis=0)
    mean: NDArray[np.float64] = np.where(count > 0, np.nansum(values, axis=0) / np.maximum(count, 1), np.nan)
    return mean
