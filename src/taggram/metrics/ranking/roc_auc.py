"""Area under the ROC curve of each tag."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from taggram.metrics.ranking._positives import Positives, measure_positives

__all__ = ["roc_auc"]


def roc_auc(
    scores: NDArray[Any], labels: NDArray[Any], counts: NDArray[np.integer[Any]] | None = None
) -> NDArray[np.float64]:
    """Area under the ROC curve: probability that a clip with the tag scores above a clip without it.

    A tie counts half.

    Parameters
    ----------
    scores : (clips, tags)
        Finite numbers of any type, in any unit; higher means more likely.
    labels : (clips, tags) bool
        Which clips have which tag.
    counts : (resamples, clips) int, optional
        How often each resample draws each clip, from `draw_counts`.

    Returns
    -------
    (tags,) float64, or (resamples, tags) with `counts`
        0 to 1; NaN for a tag without positives or without negatives.

    Raises
    ------
    EvaluationError
        If the shapes differ, if there are no clips, if a score is not finite, or if a label is neither true nor false.

    References
    ----------
    J. A. Hanley, B. J. McNeil: The meaning and use of the area under a receiver operating characteristic (ROC) curve.
    Radiology 143, 1982. Computed from the rank sum of the positives (Mann and Whitney's U).

    Examples
    --------
    >>> roc_auc(np.array([[0.1], [0.4], [0.4], [0.8]]), np.array([[False], [True], [False], [True]]))
    array([0.875])
    """
    return measure_positives(_area, scores, labels, counts)


def _area(positives: Positives) -> NDArray[np.float64]:
    below = positives.mean(positives.total - (positives.above + positives.at_least) / 2)
    n_pos = positives.n_pos
    area: NDArray[np.float64] = (below - n_pos / 2) / (positives.total - n_pos)  # half of the positives are below
    return area
