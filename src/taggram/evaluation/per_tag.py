"""Figures of each tag for itself: how well its scores order the clips."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from taggram.evaluation.checks import require_alike
from taggram.evaluation.ranks import order, ranks

if TYPE_CHECKING:
    from jaxtyping import Bool, Float, Float64


def roc_auc(
    scores: Float[np.ndarray, "clips tags"], labels: Bool[np.ndarray, "clips tags"]
) -> Float64[np.ndarray, " tags"]:
    """Area under the ROC curve: how often a clip that has the tag scores above one that has not, a tie being half.

    Parameters
    ----------
    scores
        In any unit; higher means more likely.
    labels
        Which clips have which tag.

    Returns
    -------
    array, shape (tags,)
        0 to 1; NaN for a tag that all clips have, or none.

    Raises
    ------
    EvaluationError
        If the shapes differ, if there are no clips, or if a score is NaN.

    Notes
    -----
    Computed from the sum of ranks, as in Hanley and McNeil, The meaning and use of the area under a ROC curve, 1982.

    Examples
    --------
    >>> roc_auc(np.array([[0.1], [0.4], [0.4], [0.8]]), np.array([[False], [True], [False], [True]]))
    array([0.875])
    """
    require_alike(scores, labels)
    clips, first, last = order(scores)
    has = np.take_along_axis(labels.astype(bool), clips, axis=0)
    positives = has.sum(axis=0)
    above = (((first + last) / 2 + 1) * has).sum(axis=0) - positives * (positives + 1) / 2
    return _over(above, positives * (len(scores) - positives))


def average_precision(
    scores: Float[np.ndarray, "clips tags"], labels: Bool[np.ndarray, "clips tags"]
) -> Float64[np.ndarray, " tags"]:
    """Average precision: the mean, over the clips that have the tag, of the precision among all that score as high.

    It is the sum over thresholds of precision times gain in recall, not the area under an interpolated curve.

    Parameters
    ----------
    scores
        In any unit; higher means more likely.
    labels
        Which clips have which tag.

    Returns
    -------
    array, shape (tags,)
        0 to 1; NaN for a tag that all clips have, or none.

    Raises
    ------
    EvaluationError
        If the shapes differ, if there are no clips, or if a score is NaN.
    """
    require_alike(scores, labels)
    clips, _, last = order(-scores)
    has = np.take_along_axis(labels.astype(bool), clips, axis=0)
    hits = np.take_along_axis(has.cumsum(axis=0), last, axis=0)
    positives = has.sum(axis=0)
    mean = _over((has * hits / (last + 1)).sum(axis=0), positives)
    return np.where(positives < len(scores), mean, np.nan)


def spearman(
    first: Float[np.ndarray, "clips tags"], second: Float[np.ndarray, "clips tags"]
) -> Float64[np.ndarray, " tags"]:
    """Spearman's rank correlation: Pearson's correlation of the ranks, ties sharing their mean rank.

    Parameters
    ----------
    first, second
        What two models say of the same clips.

    Returns
    -------
    array, shape (tags,)
        -1 to 1; NaN for a tag for which one of the two says the same of all clips.

    Raises
    ------
    EvaluationError
        If the shapes differ, if there are no clips, or if a score is NaN.
    """
    require_alike(first, second)
    mean = (len(first) + 1) / 2
    a, b = ranks(first) - mean, ranks(second) - mean
    return _over((a * b).sum(axis=0), np.sqrt((a**2).sum(axis=0) * (b**2).sum(axis=0)))


def _over(
    numerator: Float[np.ndarray, " tags"], denominator: Float[np.ndarray, " tags"]
) -> Float64[np.ndarray, " tags"]:
    """Divide, with NaN where the denominator is 0."""
    quotient: np.ndarray = numerator / np.where(denominator == 0, np.nan, denominator)
    return quotient
