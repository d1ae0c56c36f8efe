"""Clips around the positives of each tag in the order of their scores: what areas under curves are made of."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from taggram.metrics._checks import require_counts, require_scored_tags
from taggram.metrics.ranking._ranks import ranking

BLOCK = 2**16  # numbers that are summed at a time, so that they stay in the cache of a processor


@dataclass(frozen=True)
class Order:
    """Positives of all tags in the order of their scores, which is the same in all resamples.

    Tags without positives or without negatives are left out. The positives of a tag follow one another, from the
    highest score to the lowest.

    Attributes
    ----------
    tags : (tags with a value,)
        Indices of the tags.
    clips : (tags with a value, clips)
        Indices of the clips of each tag, in ascending order of score.
    starts : (tags with a value,)
        Index of the first positive of each tag.
    places : (positives,)
        Position of each positive in the order of its tag.
    begins, ends : (positives,)
        Positions of the first clip with the same score, and of the first with a higher one.
    first, last : (positives,)
        Indices of the first and of the last positive of the tag with the same score.
    """

    tags: NDArray[np.int64]
    clips: NDArray[np.int64]
    starts: NDArray[np.int64]
    places: NDArray[np.int64]
    begins: NDArray[np.int64]
    ends: NDArray[np.int64]
    first: NDArray[np.int64]
    last: NDArray[np.int64]

    @classmethod
    def from_scores(cls, scores: NDArray[Any], labels: NDArray[Any]) -> Self:
        """Sort the clips of each tag."""
        n_pos = labels.astype(bool).sum(axis=0)
        tags = np.flatnonzero((n_pos > 0) & (n_pos < len(labels)))
        clips, first, last = (array.T for array in ranking(scores[:, tags]))
        hits = np.take_along_axis(labels[:, tags].astype(bool).T, clips, axis=1)
        tag, from_top = np.nonzero(hits[:, ::-1])
        places = len(scores) - 1 - from_top
        begins = first[tag, places]
        new = np.append(True, (begins[1:] != begins[:-1]) | (tag[1:] != tag[:-1]))[: len(begins)]
        group = np.cumsum(new) - 1
        heads = np.flatnonzero(new)
        return cls(
            tags=tags,
            clips=np.ascontiguousarray(clips),
            starts=np.cumsum(n_pos[tags]) - n_pos[tags],
            places=places,
            begins=begins,
            ends=last[tag, places] + 1,
            first=heads[group],
            last=np.append(heads[1:], len(begins))[group] - 1,
        )


@dataclass(frozen=True)
class Positives:
    """Positives of all tags, in the order of `Order`, in several resamples; a clip that is drawn twice counts twice.

    Attributes
    ----------
    order
        Where they are.
    counts : (resamples, positives)
        How often each positive is drawn.
    above, at_least : (resamples, positives)
        Number of clips with a score above that of the positive, and with at least its score.
    total : (resamples, 1)
        Number of clips.
    """

    order: Order
    counts: NDArray[np.integer[Any]]
    above: NDArray[np.integer[Any]]
    at_least: NDArray[np.integer[Any]]
    total: NDArray[np.integer[Any]]

    @property
    def n_pos(self) -> NDArray[np.int64]:
        """Number of positives (resamples, tags)."""
        number: NDArray[np.int64] = np.add.reduceat(self.counts, self.order.starts, axis=1, dtype=np.int64)
        return number

    def hits(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return how many clips of `above` and of `at_least` (resamples, positives) are positives."""
        sums = np.zeros((len(self.counts), self.counts.shape[1] + 1), np.int64)
        np.cumsum(self.counts, axis=1, out=sums[:, 1:])
        first, last, starts = self.order.first, self.order.last, self.order.starts
        sizes = np.diff(starts, append=len(first))
        before = np.repeat(np.take(sums, starts, axis=1), sizes, axis=1)  # positives of the tags before
        return np.take(sums, first, axis=1) - before, np.take(sums, last + 1, axis=1) - before

    def mean(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the mean (resamples, tags) over positives of values (resamples, positives)."""
        mean: NDArray[np.float64] = np.add.reduceat(self.counts * values, self.order.starts, axis=1) / self.n_pos
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
        Returns one value (resamples, tags) per resample and tag.
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
    if counts is not None:
        require_counts(counts, clips)
    order = Order.from_scores(scores, labels)
    values = np.full((1 if counts is None else len(counts), tags), np.nan)
    if len(order.tags):
        start = 0
        for positives in (_all_clips(order, clips),) if counts is None else _draw(order, counts):
            with np.errstate(invalid="ignore", divide="ignore"):
                defined = (positives.n_pos > 0) & (positives.n_pos < positives.total)
                block = np.where(defined, metric(positives), np.nan)
            values[start : start + len(block), order.tags] = block
            start += len(block)
    return values[0] if counts is None else values


def _all_clips(order: Order, clips: int) -> Positives:
    """Return the positives of all clips, each of them once."""
    ones, total = np.ones((1, len(order.places)), np.int64), np.array([[clips]])
    return Positives(order, ones, total - order.ends, total - order.begins, total)


def _draw(order: Order, counts: NDArray[np.integer[Any]]) -> Iterator[Positives]:
    """Yield the positives of several resamples at a time."""
    clips, positives = counts.shape[1], len(order.places)
    number = np.int32 if counts.sum(axis=1, dtype=np.int64).max(initial=0) < 2**30 else np.int64
    rows = max(1, BLOCK // clips)
    # Buffers that are used again: the system takes longer to provide new memory than these sums take.
    sorted_counts, sums = np.empty((rows, clips), number), np.zeros((rows, clips + 1), number)
    positive_counts, begins, ends = (np.empty((rows, positives), number) for _ in range(3))
    limits = [*order.starts.tolist(), positives]
    for start in range(0, len(counts), rows):
        block = counts[start : start + rows].astype(number)
        used_rows = slice(len(block))
        for tag, sorted_clips in enumerate(order.clips):
            columns = slice(limits[tag], limits[tag + 1])
            np.take(block, sorted_clips, axis=1, out=sorted_counts[used_rows], mode="clip")
            np.cumsum(sorted_counts[used_rows], axis=1, out=sums[used_rows, 1:])
            positive_counts[used_rows, columns] = np.take(sorted_counts[used_rows], order.places[columns], axis=1)
            begins[used_rows, columns] = np.take(sums[used_rows], order.begins[columns], axis=1)
            ends[used_rows, columns] = np.take(sums[used_rows], order.ends[columns], axis=1)
        total = block.sum(axis=1, keepdims=True, dtype=number)
        yield Positives(order, positive_counts[used_rows], total - ends[used_rows], total - begins[used_rows], total)
