"""Confusion matrix of predicted classes."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from taggram.errors import EvaluationError
from taggram.metrics.classes._checks import require_classes

__all__ = ["confusion_matrix"]


def confusion_matrix(predicted: NDArray[Any], truth: NDArray[Any], classes: NDArray[Any]) -> NDArray[np.int64]:
    """Count clips by true class and predicted class.

    Parameters
    ----------
    predicted, truth : (clips,)
        Class of each clip, as a number or a name.
    classes : (classes,)
        All classes, in the order of rows and columns.

    Returns
    -------
    (classes, classes) int64
        Rows are true classes, columns predicted ones.

    Raises
    ------
    EvaluationError
        As for `accuracy`; if a class is missing in `classes`, or is there twice.

    Examples
    --------
    >>> confusion_matrix(np.array(["rock", "pop", "pop"]), np.array(["rock", "rock", "pop"]), np.array(["pop", "rock"]))
    array([[1, 0],
           [1, 1]])
    """
    require_classes(predicted, truth)
    number = {name: i for i, name in enumerate(classes.tolist())}
    if len(number) < len(classes):
        raise EvaluationError("classes contain a class twice")
    unknown = sorted(map(str, {*predicted.tolist(), *truth.tolist()} - number.keys()))
    if unknown:
        raise EvaluationError(f"classes lack: {', '.join(unknown)}")
    rows, columns = ([number[name] for name in names.tolist()] for names in (truth, predicted))
    matrix = np.zeros((len(number), len(number)), np.int64)
    np.add.at(matrix, (rows, columns), 1)
    return matrix
