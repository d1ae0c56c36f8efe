"""Balanced accuracy of predicted classes."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from taggram.metrics.classes._checks import require_classes

__all__ = ["balanced_accuracy"]


def balanced_accuracy(predicted: NDArray[Any], truth: NDArray[Any]) -> float:
    """Mean over the true classes of the share of their clips that are classified correctly.

    Each class counts the same, however many clips it has. A class that is predicted but has no clips only counts as a
    mistake of another class.

    Parameters
    ----------
    predicted, truth : (clips,)
        Class of each clip, as a number or a name.

    Returns
    -------
    float
        0 to 1; a random guess has 1 / number of classes.

    Raises
    ------
    EvaluationError
        As for `accuracy`.

    References
    ----------
    K. H. Brodersen, C. S. Ong, K. E. Stephan, J. M. Buhmann: The balanced accuracy and its posterior distribution.
    ICPR, 2010. Equals scikit-learn's `balanced_accuracy_score`.

    Examples
    --------
    >>> balanced_accuracy(np.array(["rock", "rock", "rock"]), np.array(["rock", "rock", "pop"]))
    0.5
    """
    require_classes(predicted, truth)
    index, clips = np.unique(truth, return_inverse=True, return_counts=True)[1:]
    return float((np.bincount(index, predicted == truth) / clips).mean())
