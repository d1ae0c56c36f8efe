"""Predicted tags from scores and thresholds."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from taggram.errors import EvaluationError
from taggram.metrics._checks import require_clips, require_probabilities

__all__ = ["binarize"]


def binarize(scores: NDArray[Any], thresholds: NDArray[Any] | float) -> NDArray[np.bool_]:
    """Predict a tag for each clip whose score reaches the tag's threshold.

    Choose the thresholds on validation clips: those that are best on the evaluated clips are too good to be true.

    Parameters
    ----------
    scores : (clips, tags)
        0 to 1.
    thresholds : (tags,) or a number
        0 to 1.

    Returns
    -------
    (clips, tags) bool
        For `precision`, `recall`, `f1` and `mcc`.

    Raises
    ------
    EvaluationError
        If a score or a threshold is not between 0 and 1, if the shapes do not fit, or if there are no clips.

    Examples
    --------
    >>> binarize(np.array([[0.9, 0.2], [0.5, 0.4]]), thresholds=np.array([0.5, 0.3]))
    array([[ True, False],
           [ True,  True]])
    """
    limits = np.asarray(thresholds)
    if scores.ndim != 2:
        raise EvaluationError(f"scores must have the shape (clips, tags), not {scores.shape}")
    if limits.ndim and limits.shape != scores.shape[1:]:
        raise EvaluationError(f"thresholds must have the shape {scores.shape[1:]}, not {limits.shape}")
    require_clips(scores)
    require_probabilities(scores, "scores")
    require_probabilities(limits, "thresholds")
    predicted: NDArray[np.bool_] = scores >= limits
    return predicted
