"""Precision of the tags with the highest scores of each clip."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from taggram.errors import EvaluationError
from taggram.metrics._checks import require_scored_tags

__all__ = ["precision_at_k"]


def precision_at_k(scores: NDArray[Any], labels: NDArray[Any], k: int) -> NDArray[np.float64]:
    """Share of the `k` tags with the highest scores that the clip has.

    With transposed arrays, ``precision_at_k(scores.T, labels.T, k)``, it is the share of the `k` clips with the highest
    scores that have the tag: what a search for a tag shows first.

    Parameters
    ----------
    scores : (clips, tags)
        Finite numbers of any type; higher means more likely.
    labels : (clips, tags) bool
        Which clips have which tag.
    k
        1 to the number of tags.

    Returns
    -------
    (clips,) float64
        0 to 1; NaN for a clip without tags. A clip with fewer than `k` tags cannot reach 1. Tags with equal scores at
        the end of the first `k` count by their share of hits, which is the mean over all orders.

    Raises
    ------
    EvaluationError
        As for `roc_auc`, and if there are fewer than `k` tags.

    References
    ----------
    C. D. Manning, P. Raghavan, H. Schütze: Introduction to information retrieval, 2008, section 8.4; for equal scores
    F. McSherry, M. Najork: Computing information retrieval performance measures efficiently in the presence of tied
    scores. ECIR, 2008.

    Examples
    --------
    >>> precision_at_k(np.array([[0.9, 0.1, 0.5], [0.2, 0.7, 0.2]]), np.array([[1, 1, 0], [0, 1, 1]]), k=2)
    array([0.5 , 0.75])
    """
    require_scored_tags(scores, labels)
    if not 1 <= k <= scores.shape[1]:
        raise EvaluationError(f"k must be between 1 and {scores.shape[1]}, not {k}")
    hits = labels.astype(bool)
    lowest = np.sort(scores, axis=1)[:, -k, None]  # score of the last tag that is shown
    above, equal = scores > lowest, scores == lowest
    share = (k - above.sum(axis=1)) / equal.sum(axis=1)
    precision = ((above & hits).sum(axis=1) + share * (equal & hits).sum(axis=1)) / k
    return np.where(hits.any(axis=1), precision, np.nan)
