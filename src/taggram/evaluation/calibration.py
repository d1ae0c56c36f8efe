"""Whether a score of 0.7 means that seven of ten clips have the tag."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from taggram.errors import EvaluationError
from taggram.evaluation.checks import require_alike

if TYPE_CHECKING:
    from jaxtyping import Float, Shaped


def expected_calibration_error(
    probabilities: Float[np.ndarray, "*any"], labels: Shaped[np.ndarray, "*any"], bins: int = 10
) -> float:
    """Mean distance between how likely tags are said to be and how often they are there.

    Probabilities are sorted into bins of equal width between 0 and 1; in each, the mean probability is compared with
    the share of positives, and bins count by what is in them. All tags are pooled, so that a bin holds enough.

    Parameters
    ----------
    probabilities
        0 to 1.
    labels
        Whether the tag is there; or how likely, 0 to 1, where nothing better is known.
    bins
        How many.

    Returns
    -------
    float
        0 to 1; 0 is best. Even of a calibrated model it lies above 0 while bins hold few clips.

    Raises
    ------
    EvaluationError
        If the shapes differ, if there are no clips, or if a probability is not between 0 and 1.

    Notes
    -----
    Naeini, Cooper and Hauskrecht, Obtaining well calibrated probabilities using Bayesian binning, 2015.
    """
    require_alike(probabilities, labels)
    if probabilities.min() < 0 or probabilities.max() > 1:
        raise EvaluationError("probabilities lie between 0 and 1")
    place = np.minimum((probabilities * bins).astype(int), bins - 1)
    excess = np.bincount(place.ravel(), (probabilities - labels.astype(float)).ravel())
    return float(np.abs(excess).sum() / probabilities.size)
