"""The main figures of an evaluation, with intervals over artists or recordings."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from taggram.evaluation.evaluation_result import LabelledScores
from taggram.metrics import Interval, average_precision, bootstrap, macro, roc_auc

__all__ = ["Summary", "summarize"]


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
    names, group_of = np.unique(scores.groups, return_inverse=True)
    members = [np.flatnonzero(group_of == group) for group in range(len(names))]

    def interval(metric: Callable[..., NDArray[np.float64]]) -> Interval:
        def mean(groups: NDArray[Any]) -> float:
            rows = np.concatenate([members[group] for group in groups.tolist()])
            return macro(metric(values[rows], truth[rows])).mean

        everything = np.arange(len(names))
        if np.isnan(value := mean(everything)):
            return Interval(value, value, value)
        return bootstrap(mean, everything, rng=np.random.default_rng(seed), resamples=resamples)

    defined = truth.any(axis=0) & ~truth.all(axis=0)
    return Summary(
        interval(roc_auc),
        interval(average_precision),
        len(scores),
        len(names),
        int(scores.scored.sum()),
        int(defined.sum()),
    )
