"""What all figures ask of their arrays."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from taggram.errors import EvaluationError

if TYPE_CHECKING:
    from jaxtyping import Shaped


def require_alike(scores: Shaped[np.ndarray, "..."], other: Shaped[np.ndarray, "..."]) -> None:
    """Refuse arrays that numpy would compare all the same: of two shapes, without clips, or with NaN in them.

    Raises
    ------
    EvaluationError
        With what is wrong.
    """
    if scores.shape != other.shape:
        raise EvaluationError(f"scores of shape {scores.shape} do not fit what they are compared with: {other.shape}")
    require_clips(scores)
    for array in (scores, other):
        if array.dtype.kind == "f" and np.isnan(array).any():
            raise EvaluationError("NaN has no rank: leave out the tags that one of the two does not know")


def require_clips(array: Shaped[np.ndarray, "..."]) -> None:
    """Refuse an array without rows.

    Raises
    ------
    EvaluationError
        If it has none.
    """
    if not len(array):
        raise EvaluationError("there are no clips to evaluate")
