"""F1 score of each tag."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from taggram.metrics.thresholded._confusion import Confusion, measure_predictions

__all__ = ["f1"]


def f1(
    predicted: NDArray[Any], labels: NDArray[Any], counts: NDArray[np.integer[Any]] | None = None
) -> NDArray[np.float64]:
    """Harmonic mean of precision and recall.

    Parameters
    ----------
    predicted, labels, counts
        As for `precision`.

    Returns
    -------
    (tags,) float64, or (resamples, tags) with `counts`
        0 to 1; NaN for a tag without positives or without negatives.

    Raises
    ------
    EvaluationError
        As for `precision`.

    References
    ----------
    C. J. van Rijsbergen: Information retrieval, 1979, chapter 7.

    Examples
    --------
    >>> predicted = np.array([[True], [True], [False], [False]])
    >>> f1(predicted, np.array([[True], [False], [True], [False]]))
    array([0.5])
    """
    return measure_predictions(_harmonic_mean, predicted, labels, counts)


def _harmonic_mean(confusion: Confusion) -> NDArray[np.float64]:
    twice = 2 * confusion.true_positives
    return twice / (twice + confusion.false_positives + confusion.false_negatives)
