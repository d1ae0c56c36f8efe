"""Precision of each tag."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from taggram.metrics.thresholded._confusion import Confusion, measure_predictions

__all__ = ["precision"]


def precision(
    predicted: NDArray[Any], labels: NDArray[Any], counts: NDArray[np.integer[Any]] | None = None
) -> NDArray[np.float64]:
    """Share of the clips predicted to have a tag that have it.

    Parameters
    ----------
    predicted : (clips, tags) bool
        Which clips are predicted to have which tag, from `binarize`.
    labels : (clips, tags) bool
        Which clips have which tag.
    counts : (resamples, clips) int, optional
        How often each resample draws each clip, from `draw_counts`.

    Returns
    -------
    (tags,) float64, or (resamples, tags) with `counts`
        0 to 1; 0 for a tag that is never predicted, as in scikit-learn; NaN for a tag without positives or
        without negatives.

    Raises
    ------
    EvaluationError
        If the shapes differ, if there are no clips, or if a value is neither true nor false.

    References
    ----------
    C. D. Manning, P. Raghavan, H. Schütze: Introduction to information retrieval, 2008, section 8.3.

    Examples
    --------
    >>> predicted = np.array([[True], [True], [False], [False]])
    >>> precision(predicted, np.array([[True], [False], [True], [False]]))
    array([0.5])
    """
    return measure_predictions(_share, predicted, labels, counts)


def _share(confusion: Confusion) -> NDArray[np.float64]:
    selected = confusion.true_positives + confusion.false_positives
    return confusion.true_positives / np.maximum(selected, 1)
