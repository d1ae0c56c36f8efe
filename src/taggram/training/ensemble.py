"""Several teachers as one: the weighted mean of what those say that know a tag."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from jaxtyping import Float


def ensemble(
    scores: Float[np.ndarray, "teachers *any tags"], weights: Sequence[float]
) -> Float[np.ndarray, "*any tags"]:
    """Average the scores of several teachers.

    Parameters
    ----------
    scores
        Probabilities, 0 to 1, all in the order of one vocabulary; NaN where a teacher does not know a tag.
    weights
        Of each teacher, above 0.

    Returns
    -------
    array
        Mean over the teachers that know the tag; NaN where none does.
    """
    weight = np.asarray(weights, scores.dtype).reshape(-1, *[1] * (scores.ndim - 1)) * ~np.isnan(scores)
    total = weight.sum(axis=0)
    mean: np.ndarray = (np.nan_to_num(scores) * weight).sum(axis=0) / np.where(total > 0, total, np.nan)
    return mean
