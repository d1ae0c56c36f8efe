"""Numbers of right and wrong predictions of each tag, from which metrics of predicted tags are computed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from taggram.errors import EvaluationError
from taggram.metrics._checks import require_counts, require_scored_tags


@dataclass(frozen=True)
class Confusion:
    """Numbers of clips (resamples, tags) by prediction and truth, as float64."""

    true_positives: NDArray[np.float64]
    false_positives: NDArray[np.float64]
    false_negatives: NDArray[np.float64]
    true_negatives: NDArray[np.float64]


def measure_predictions(
    metric: Callable[[Confusion], NDArray[np.float64]],
    predicted: NDArray[Any],
    labels: NDArray[Any],
    counts: NDArray[np.integer[Any]] | None,
) -> NDArray[np.float64]:
    """Apply a metric to the numbers of right and wrong predictions.

    Parameters
    ----------
    metric
        Returns one value (resamples, tags) per resample and tag.
    predicted, labels : (clips, tags) bool
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
    require_scored_tags(predicted, labels)
    if not np.isin(predicted, (0, 1)).all():
        raise EvaluationError("predicted tags must be true or false, or 1 or 0: binarize turns scores into them")
    draws = np.ones((1, len(predicted)), np.int64) if counts is None else counts
    require_counts(draws, len(predicted))
    weights = draws.astype(float)
    predictions, truths = predicted.astype(float), labels.astype(float)
    true_positives, selected, positives = weights @ (predictions * truths), weights @ predictions, weights @ truths
    total = weights.sum(axis=1, keepdims=True)
    confusion = Confusion(
        true_positives,
        selected - true_positives,
        positives - true_positives,
        total - selected - positives + true_positives,
    )
    with np.errstate(invalid="ignore", divide="ignore"):
        values = np.where((positives > 0) & (positives < total), metric(confusion), np.nan)
    return values[0] if counts is None else values
