"""Label-ranking average precision of each clip."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from taggram.metrics._checks import require_scored_tags
from taggram.metrics.ranking.average_precision import average_precision

__all__ = ["label_ranking_average_precision"]


def label_ranking_average_precision(scores: NDArray[Any], labels: NDArray[Any]) -> NDArray[np.float64]:
    """Average precision of each clip: its tags are ranked by score, instead of the clips of a tag.

    It depends on whether scores of different tags are comparable, which `average_precision` does not.

    Parameters
    ----------
    scores, labels
        As for `roc_auc`.

    Returns
    -------
    (clips,) float64
        0 to 1; 1 for a clip that has all tags, NaN for one without tags, for which scikit-learn counts 1.

    Raises
    ------
    EvaluationError
        As for `roc_auc`.

    References
    ----------
    R. E. Schapire, Y. Singer: BoosTexter: a boosting-based system for text categorization. Machine Learning 39, 2000.

    Examples
    --------
    >>> label_ranking_average_precision(np.array([[0.9, 0.1, 0.5], [0.2, 0.7, 0.3]]), np.array([[1, 0, 0], [1, 0, 0]]))
    array([1.        , 0.33333333])
    """
    require_scored_tags(scores, labels)
    return np.where(labels.all(axis=1), 1.0, average_precision(scores.T, labels.T))
