"""Area under the ROC curve of each tag."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from taggram.metrics._checks import require_comparable
from taggram.metrics._ranks import ranking

__all__ = ["roc_auc"]


def roc_auc(scores: NDArray[np.floating[Any]], labels: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Area under the ROC curve: probability that a clip with the tag scores above a clip without it.

    A tie counts half.

    Parameters
    ----------
    scores : (clips, tags)
        In any unit; higher means more likely.
    labels : (clips, tags) bool
        Which clips have which tag.

    Returns
    -------
    (tags,) float64
        0 to 1; NaN for a tag without positives or without negatives.

    Raises
    ------
    EvaluationError
        If the shapes differ, if there are no clips, or if a score is NaN.

    References
    ----------
    J. A. Hanley, B. J. McNeil: The meaning and use of the area under a receiver operating characteristic (ROC) curve.
    Radiology 143, 1982. Computed from the rank sum of the positives (Mann and Whitney's U).

    Examples
    --------
    >>> roc_auc(np.array([[0.1], [0.4], [0.4], [0.8]]), np.array([[False], [True], [False], [True]]))
    array([0.875])
    """
    require_comparable(scores, labels)
    clips, first, last = ranking(scores)
    hits = np.take_along_axis(labels.astype(bool), clips, axis=0)
    positives = hits.sum(axis=0)
    above = (((first + last) / 2 + 1) * hits).sum(axis=0) - positives * (positives + 1) / 2
    pairs = positives * (len(scores) - positives)
    areas = np.full(len(pairs), np.nan)
    np.divide(above, pairs, out=areas, where=pairs > 0)
    return areas
