"""Recall of each tag."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from taggram.metrics.thresholded._confusion import Confusion, measure_predictions

__all__ = ["recall"]


def recall(
    predicted: NDArray[Any], labels: NDArray[Any], counts: NDArray[np.integer[Any]] | None = None
) -> NDArray[np.float64]:
    """Share of the clips that have a tag for which it is predicted.

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
    C. D. Manning, P. Raghavan, H. Schütze: Introduction to information retrieval, 2008, section 8.3.

    Examples
    --------
    >>> predicted = np.array([[True], [True], [False], [False]])
    >>> recall(predicted, np.array([[True], [False], [True], [False]]))
    array([0.5])
    """
    return measure_predictions(_share, predicted, labels, counts)


def _share(confusion: Confusion) -> NDArray[np.float64]:
    return confusion.true_positives / (confusion.true_positives + confusion.false_negatives)
