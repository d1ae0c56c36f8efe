"""Requirements that all metrics have of their arrays."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from taggram.errors import EvaluationError


def require_comparable(scores: NDArray[Any], reference: NDArray[Any]) -> None:
    """Refuse two arrays that NumPy would broadcast or rank although they cannot be compared.

    Raises
    ------
    EvaluationError
        If their shapes differ, if there are no clips, or if a value is NaN.
    """
    if scores.shape != reference.shape:
        raise EvaluationError(f"shapes differ: scores {scores.shape}, reference {reference.shape}")
    require_clips(scores)
    for array in (scores, reference):
        if array.dtype.kind == "f" and np.isnan(array).any():
            raise EvaluationError("scores contain NaN: leave out the tags that a model does not have")


def require_clips(array: NDArray[Any]) -> None:
    """Refuse an array without rows.

    Raises
    ------
    EvaluationError
        If there are none.
    """
    if not len(array):
        raise EvaluationError("no clips to evaluate")
