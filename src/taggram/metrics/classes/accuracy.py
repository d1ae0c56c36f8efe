"""Accuracy of predicted classes."""

from __future__ import annotations

from typing import Any

from numpy.typing import NDArray

from taggram.metrics.classes._checks import require_classes

__all__ = ["accuracy"]


def accuracy(predicted: NDArray[Any], truth: NDArray[Any]) -> float:
    """Share of clips whose predicted class is the true one.

    Parameters
    ----------
    predicted, truth : (clips,)
        Class of each clip, as a number or a name.

    Returns
    -------
    float
        0 to 1; 1 is best.

    Raises
    ------
    EvaluationError
        If the shapes differ or are not (clips,), if there are no clips, or if a class is NaN.

    Examples
    --------
    >>> import numpy as np
    >>> accuracy(np.array(["rock", "pop", "jazz"]), np.array(["rock", "pop", "pop"]))
    0.666...
    """
    require_classes(predicted, truth)
    return float((predicted == truth).mean())
