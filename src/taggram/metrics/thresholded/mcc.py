"""Matthews correlation coefficient of each tag."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from taggram.metrics.thresholded._confusion import Confusion, measure_predictions

__all__ = ["mcc"]


def mcc(
    predicted: NDArray[Any], labels: NDArray[Any], counts: NDArray[np.integer[Any]] | None = None
) -> NDArray[np.float64]:
    """Matthews correlation coefficient: Pearson's correlation of predicted and true tags.

    Parameters
    ----------
    predicted, labels, counts
        As for `precision`.

    Returns
    -------
    (tags,) float64, or (resamples, tags) with `counts`
        -1 to 1; 0 for a tag that is predicted for all clips or for none, as in scikit-learn; NaN for a tag without
        positives or without negatives.

    Raises
    ------
    EvaluationError
        As for `precision`.

    References
    ----------
    B. W. Matthews: Comparison of the predicted and observed secondary structure of T4 phage lysozyme. Biochimica et
    Biophysica Acta 405, 1975.

    Examples
    --------
    >>> predicted = np.array([[True], [True], [False], [False]])
    >>> mcc(predicted, np.array([[True], [False], [True], [False]]))
    array([0.])
    """
    return measure_predictions(_correlation, predicted, labels, counts)


def _correlation(confusion: Confusion) -> NDArray[np.float64]:
    tp, fp = confusion.true_positives, confusion.false_positives
    fn, tn = confusion.false_negatives, confusion.true_negatives
    scale = np.sqrt((tp + fp) * (fn + tn)) * np.sqrt((tp + fn) * (fp + tn))
    return np.where(scale > 0, (tp * tn - fp * fn) / scale, 0.0)
