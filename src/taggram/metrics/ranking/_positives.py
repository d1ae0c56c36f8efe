"""Clips around the positives of each tag in the order of their scores: what areas under curves are made of."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from taggram.metrics._checks import require_counts, require_scored_tags
from taggram.metrics.ranking._ranks import ranking

BLOCK = 2**16  # numbers that are summed at a time, so that they stay in the cache of a processor


@dataclass(frozen=True)
class Positives:
    """Positives of one tag, from the highest score to the lowest, in several resamples.

    A clip that is drawn twice counts twice.

    Attributes
    ----------
    counts : (resamples, positives)
        How often each positive is drawn.
    above, at_least : (resamples, positives)
        Number of clips with a score above that of the positive, and with at least its score.
    total : (resamples, 1)
        Number of clips.
    first, last : (positives,)
        Indices of the first and of the last positive with the same score.
    """

    counts: NDArray[np.int64]
    above: NDArray[np.int64]
    at_least: NDArray[np.int64]
    total: NDArray[np.int64]
    first: NDArray[np.int64]
    last: NDArray[np.int64]

    def hits(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return how many clips of `above` and of `at_least` are positives."""
        sums = _sums(self.counts)
        return sums[:, self.first], sums[:, self.last + 1]

    def mean(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the mean (resamples,) over positives of values (resamples, positives)."""
        mean: NDArray[np.float64] = np.einsum("rp,rp->r", self.counts, values) / self.counts.sum(axis=1)
        return mean


def measure_positives(
    metric: Callable[[Positives], NDArray[np.float64]],
    scores: NDArray[Any],
    labels: NDArray[Any],
    counts: NDArray[np.integer[Any]] | None,
) -> NDArray[np.float64]:
    """Apply a metric to the positives of each tag.

    The clips of each tag are sorted once for all resamples. In each resample, running sums of the numbers of draws give
    the clips above every positive, which is exact for equal scores, too.

    Parameters
    ----------
    metric
        Returns one value (resamples,) per resample.
    scores, labels : (clips, tags)
        As for the metric.
    counts : (resamples, clips)
        How often each clip is drawn; None for all clips once.

    Returns
    -------
    (tags,) or (resamples, tags) float64
        NaN where a tag has no positives or no negatives.

    Raises
    ------
    EvaluationError
        If the arrays are unsuitable.
    """
    require_scored_tags(scores, labels)
    clips, tags = scores.shape
    draws = np.ones((1, clips), np.int64) if counts is None else counts
    require_counts(draws, clips)
    sorted_clips, first, last = (array.T for array in ranking(scores))
    sorted_labels = np.take_along_axis(labels.astype(bool), sorted_clips.T, axis=0).T
    values = np.full((len(draws), tags), np.nan)
    rows = max(1, BLOCK // clips)
    for start in range(0, len(draws), rows):
        block = draws[start : start + rows].astype(np.int64)
        for tag in range(tags):
            places = np.flatnonzero(sorted_labels[tag])[::-1]  # from the highest score
            if not 0 < len(places) < clips:
                continue
            upto = _sums(np.take(block, sorted_clips[tag], axis=1))
            total = upto[:, -1:]
            run = last[tag][places]
            positives = Positives(
                counts=block[:, sorted_clips[tag][places]],
                above=total - upto[:, run + 1],
                at_least=total - upto[:, first[tag][places]],
                total=total,
                first=np.searchsorted(-run, -run, "left"),
                last=np.searchsorted(-run, -run, "right") - 1,
            )
            hits = positives.counts.sum(axis=1)
            with np.errstate(invalid="ignore", divide="ignore"):
                both = (hits > 0) & (hits < total[:, 0])
                values[start : start + rows, tag] = np.where(both, metric(positives), np.nan)
    return values[0] if counts is None else values


def _sums(counts: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the sums of the first 0, 1, 2, ... columns."""
    sums = np.zeros((len(counts), counts.shape[1] + 1), np.int64)
    np.cumsum(counts, axis=1, out=sums[:, 1:])
    return sums
