"""Expected calibration error."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from taggram.errors import EvaluationError
from taggram.metrics._checks import require_comparable, require_probabilities

__all__ = ["expected_calibration_error"]


def expected_calibration_error(
    probabilities: NDArray[np.floating[Any]], labels: NDArray[np.bool_] | NDArray[np.floating[Any]], bins: int = 10
) -> float:
    """Mean distance between the predicted probability of tags and their frequency.

    Probabilities are sorted into bins of equal width between 0 and 1; in each, the mean probability is compared with
    the share of positives, and bins are weighted by their number of values. All tags are pooled, so that a bin is not
    nearly empty.

    Parameters
    ----------
    probabilities : any shape
        0 to 1.
    labels : same shape
        Whether the clip has the tag; or the probability of that, 0 to 1, where only a reference model is available.
    bins
        Number of bins.

    Returns
    -------
    float
        0 to 1; 0 is best. Even for a calibrated model it is above 0 if bins have few values.

    Raises
    ------
    EvaluationError
        If the shapes differ, if there are no clips, if a probability or a label is not between 0 and 1, or if
        `bins` is below 1.

    References
    ----------
    M. P. Naeini, G. F. Cooper, M. Hauskrecht: Obtaining well calibrated probabilities using Bayesian binning. AAAI,
    2015.

    Examples
    --------
    >>> expected_calibration_error(np.array([0.2, 0.9, 0.9]), np.array([False, True, True]))
    0.1333...
    """
    require_comparable(probabilities, labels, "probabilities and labels")
    require_probabilities(probabilities, "probabilities")
    require_probabilities(labels, "labels")
    if bins < 1:
        raise EvaluationError(f"bins must be at least 1, not {bins}")
    index = np.minimum((probabilities * bins).astype(int), bins - 1)
    excess = np.bincount(index.ravel(), (probabilities - labels.astype(float)).ravel())
    return float(np.abs(excess).sum() / probabilities.size)
