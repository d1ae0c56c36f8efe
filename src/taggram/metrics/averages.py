"""Averages over tags: macro, micro and weighted, for every metric that has a value per tag."""

from __future__ import annotations

from typing import Any, Literal, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from taggram.errors import EvaluationError
from taggram.metrics._checks import require_counts, require_scored_tags

__all__ = ["Average", "Averages", "Macro", "TagMetric", "averages", "macro", "resample_average"]

Average = Literal["macro", "micro", "weighted"]

BLOCK = 2**22  # numbers of draws that are repeated for all tags at a time


class TagMetric(Protocol):
    """A metric with a value per tag, such as `roc_auc` or `f1`."""

    def __call__(
        self, scores: NDArray[Any], labels: NDArray[Any], /, counts: NDArray[np.integer[Any]] | None = None
    ) -> NDArray[np.float64]:
        """Return one value per tag (tags,), or per resample and tag (resamples, tags)."""
        ...


class Macro(NamedTuple):
    """A mean over tags.

    Attributes
    ----------
    mean
        Over the tags that have a value; NaN if none has.
    tags
        Number of those tags.
    """

    mean: float
    tags: int


class Averages(NamedTuple):
    """A metric per tag, and its averages.

    Attributes
    ----------
    per_tag : (tags,) float64
        NaN for a tag without a value.
    n_pos : (tags,) int64
        Number of positives of each tag.
    macro
        Unweighted mean over the tags that have a value.
    micro
        Metric of all clips and tags together, as if they were one tag.
    weighted
        Mean over the tags that have a value, weighted by their numbers of positives.
    tags
        Number of tags that have a value.
    """

    per_tag: NDArray[np.float64]
    n_pos: NDArray[np.int64]
    macro: float
    micro: float
    weighted: float
    tags: int


def averages(metric: TagMetric, scores: NDArray[Any], labels: NDArray[Any]) -> Averages:
    """Compute a metric per tag and its averages.

    Parameters
    ----------
    metric
        `roc_auc`, `average_precision`, `pr_auc`, `precision`, `recall`, `f1` or `mcc`.
    scores : (clips, tags)
        What the metric takes: scores, or predicted tags from `binarize`.
    labels : (clips, tags) bool
        Which clips have which tag.

    Returns
    -------
    Averages
        Values per tag, numbers of positives, and the averages.

    Raises
    ------
    EvaluationError
        As for the metric, and if there are no tags.

    References
    ----------
    The averages are those of scikit-learn, which has an error, 0 or 1 instead of NaN for a tag without positives or
    without negatives.

    Examples
    --------
    >>> from taggram.metrics import roc_auc
    >>> scores = np.array([[0.9, 0.2, 0.1], [0.4, 0.3, 0.5], [0.6, 0.8, 0.2]])
    >>> labels = np.array([[True, False, False], [False, True, False], [True, True, False]])
    >>> averages(roc_auc, scores, labels)
    Averages(per_tag=array([ 1.,  1., nan]), n_pos=array([2, 2, 0]), macro=1.0, micro=0.9, weighted=1.0, tags=2)
    """
    require_scored_tags(scores, labels)
    per_tag = metric(scores, labels)
    n_pos = labels.astype(bool).sum(axis=0)
    mean, tags = macro(per_tag)
    micro = metric(*_pooled(scores, labels))[0]
    return Averages(per_tag, n_pos, mean, float(micro), float(_mean(per_tag, n_pos)), tags)


def macro(values: NDArray[np.floating[Any]]) -> Macro:
    """Unweighted mean over tags; tags without a value are left out and not counted.

    Parameters
    ----------
    values : (tags,)
        A metric of each tag; NaN for a tag without a value.

    Returns
    -------
    Macro
        Mean, and number of tags that it is taken over.

    Examples
    --------
    >>> macro(np.array([0.5, np.nan, 1.0]))
    Macro(mean=0.75, tags=2)
    """
    return Macro(float(_mean(values, np.ones(len(values)))), int((~np.isnan(values)).sum()))


def resample_average(
    metric: TagMetric,
    scores: NDArray[Any],
    labels: NDArray[Any],
    counts: NDArray[np.integer[Any]],
    average: Average = "macro",
) -> NDArray[np.float64]:
    """Compute an average of a metric in each resample.

    Parameters
    ----------
    metric, scores, labels
        As for `averages`.
    counts : (resamples, clips) int
        How often each resample draws each clip, from `draw_counts`.
    average
        ``"macro"``, ``"micro"`` or ``"weighted"``. A tag that has no value in a resample leaves its mean there.

    Returns
    -------
    (resamples,) float64
        For `percentile_interval`; NaN for a resample in which no tag has a value.

    Raises
    ------
    EvaluationError
        As for the metric, if there are no tags, if `counts` do not fit, or if `average` is another word.

    Examples
    --------
    >>> from taggram.metrics import roc_auc
    >>> scores, labels = np.array([[0.9], [0.4], [0.6]]), np.array([[True], [True], [False]])
    >>> resample_average(roc_auc, scores, labels, counts=np.array([[1, 1, 1], [2, 0, 1]]))
    array([0.5, 1. ])
    """
    require_scored_tags(scores, labels)
    require_counts(counts, len(scores))
    if average == "micro":
        pooled, tags = _pooled(scores, labels), scores.shape[1]
        rows = max(1, BLOCK // scores.size)
        blocks = (counts[start : start + rows] for start in range(0, len(counts), rows))
        values = [metric(*pooled, counts=np.repeat(block, tags, axis=1))[:, 0] for block in blocks]
        return np.concatenate(values) if values else np.empty(0)
    values_per_tag = metric(scores, labels, counts=counts)
    if average == "macro":
        return _mean(values_per_tag, np.ones(scores.shape[1]))
    if average == "weighted":
        return _mean(values_per_tag, counts.astype(float) @ labels.astype(float))
    raise EvaluationError(f"average must be 'macro', 'micro' or 'weighted', not {average!r}")


def _pooled(scores: NDArray[Any], labels: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any]]:
    """Return scores and labels (clips x tags, 1) of all tags together."""
    if not scores.size:
        raise EvaluationError("no tags to evaluate")
    return scores.reshape(-1, 1), labels.reshape(-1, 1)


def _mean(values: NDArray[np.floating[Any]], weights: NDArray[Any]) -> NDArray[np.float64]:
    """Weighted mean (...) over the last axis of values (..., tags) that are not NaN; NaN if there is no weight."""
    weights = np.where(np.isnan(values), 0, weights)
    with np.errstate(invalid="ignore"):
        mean: NDArray[np.float64] = (np.nan_to_num(values, nan=0.0) * weights).sum(axis=-1) / weights.sum(axis=-1)
    return mean
