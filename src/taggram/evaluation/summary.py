"""The main figures of an evaluation, with intervals over artists or recordings."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from taggram.evaluation.evaluation_result import LabelledScores
from taggram.metrics import (
    Interval,
    TagMetric,
    average_precision,
    draw_counts,
    macro,
    percentile_interval,
    resample_average,
    roc_auc,
)

__all__ = ["Summary", "mean_roc_auc", "summarize"]


class Summary(NamedTuple):
    """Means over the tags that have scores and both clips with and clips without them.

    Attributes
    ----------
    roc_auc, average_precision
        Each with its 95 % interval; NaN if no tag has a value.
    clips, groups
        Number of clips, and of artists or recordings.
    scored_tags
        Number of tags with scores.
    tags
        Number of those whose metrics are defined.
    """

    roc_auc: Interval
    average_precision: Interval
    clips: int
    groups: int
    scored_tags: int
    tags: int


def summarize(scores: LabelledScores, *, resamples: int = 1000, seed: int = 0) -> Summary:
    """Compute mean ROC-AUC and average precision with percentile intervals over groups of clips.

    Parameters
    ----------
    scores
        Of the clips.
    resamples, seed
        Number of resamples of the groups, and seed of their draws.
    """
    values, truth = scores.scores[:, scores.scored], scores.truth[:, scores.scored]
    counts = draw_counts(scores.groups, rng=np.random.default_rng(seed), resamples=resamples)

    def interval(metric: TagMetric) -> Interval:
        return percentile_interval(
            macro(metric(values, truth)).mean, resample_average(metric, values, truth, counts=counts)
        )

    return Summary(
        interval(roc_auc),
        interval(average_precision),
        len(scores),
        len(np.unique(scores.groups)),
        values.shape[1],
        int((truth.any(axis=0) & ~truth.all(axis=0)).sum()),
    )


def mean_roc_auc(scores: NDArray[np.floating[Any]], labels: NDArray[np.bool_]) -> float:
    """Mean ROC-AUC over the labels that have positives and negatives; both arrays are (clips, labels)."""
    return macro(roc_auc(scores, labels)).mean
