"""Requirements that all metrics have of their arrays."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from taggram.errors import EvaluationError


def require_clips(array: NDArray[Any]) -> None:
    """Refuse an array without rows.

    Raises
    ------
    EvaluationError
        If there are none.
    """
    if not len(array):
        raise EvaluationError("no clips to evaluate")


def require_comparable(first: NDArray[Any], second: NDArray[Any], what: str = "scores and reference") -> None:
    """Refuse two arrays of different shapes, which NumPy would broadcast, and arrays without clips.

    Raises
    ------
    EvaluationError
        If their shapes differ, or if there are no clips.
    """
    if first.shape != second.shape:
        raise EvaluationError(f"shapes of {what} differ: {first.shape} and {second.shape}")
    if not first.ndim:
        raise EvaluationError(f"{what} are single numbers: pass arrays with one row per clip")
    require_clips(first)


def require_finite(scores: NDArray[Any], what: str = "scores") -> None:
    """Refuse values that have no order: NaN, infinite values, and what is not a real number.

    Raises
    ------
    EvaluationError
        If there is such a value.
    """
    if scores.dtype.kind not in "biuf":
        raise EvaluationError(f"{what} must be real numbers, not {scores.dtype}")
    if np.isnan(scores).any():
        raise EvaluationError(f"{what} contain NaN: leave out the tags that a model does not have")
    if np.isinf(scores).any():
        raise EvaluationError(f"{what} contain infinite values")


def require_probabilities(values: NDArray[Any], what: str) -> None:
    """Refuse values outside 0 to 1.

    Raises
    ------
    EvaluationError
        If a value is NaN or outside 0 to 1.
    """
    require_finite(values, what)
    if values.size and (values.min() < 0 or values.max() > 1):
        raise EvaluationError(f"{what} must be between 0 and 1, and are between {values.min()} and {values.max()}")


def require_binary(labels: NDArray[Any], what: str = "labels") -> None:
    """Refuse labels other than true and false, or 1 and 0.

    Raises
    ------
    EvaluationError
        If there is another value.
    """
    if labels.dtype.kind not in "biuf" or (labels.dtype != bool and not np.isin(labels, (0, 1)).all()):
        raise EvaluationError(f"{what} must be true or false, or 1 or 0")


def require_scored_tags(scores: NDArray[Any], labels: NDArray[Any]) -> None:
    """Refuse scores and labels that are not two tables of clips and tags.

    Raises
    ------
    EvaluationError
        If the shapes differ or are not (clips, tags), if there are no clips, if a score is not finite, or if a label
        is neither true nor false.
    """
    require_comparable(scores, labels, "scores and labels")
    if scores.ndim != 2:
        raise EvaluationError(f"scores and labels must have the shape (clips, tags), not {scores.shape}")
    require_finite(scores)
    require_binary(labels)


def require_counts(counts: NDArray[Any], clips: int) -> None:
    """Refuse numbers of draws that do not fit the clips.

    Raises
    ------
    EvaluationError
        If the shape is not (resamples, clips), or if the values are not integers from 0.
    """
    if counts.ndim != 2 or counts.shape[1] != clips:
        raise EvaluationError(f"counts must have the shape (resamples, {clips}), not {counts.shape}")
    if counts.dtype.kind not in "iu" or (counts.size and counts.min() < 0):
        raise EvaluationError("counts must be integers from 0: how often each clip is drawn")
