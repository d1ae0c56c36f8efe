"""The ensemble of several teachers: a weighted mean over those that have a tag."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray


def ensemble(scores: NDArray[np.floating[Any]], weights: Sequence[float]) -> NDArray[np.floating[Any]]:
    """Average the scores of several teachers.

    Parameters
    ----------
    scores : (teachers, ..., tags)
        Probabilities in one vocabulary; NaN where a teacher does not have a tag.
    weights
        Of each teacher, above 0.

    Returns
    -------
    (..., tags)
        Mean over the teachers that have the tag; NaN where none has it.
    """
    weight = np.asarray(weights, scores.dtype).reshape(-1, *[1] * (scores.ndim - 1)) * ~np.isnan(scores)
    total = weight.sum(axis=0)
    mean: NDArray[np.floating[Any]] = (np.nan_to_num(scores) * weight).sum(axis=0) / np.where(total > 0, total, np.nan)
    return mean
