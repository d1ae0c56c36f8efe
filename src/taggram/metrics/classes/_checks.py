"""Requirements of metrics of classes."""

from __future__ import annotations

from typing import Any

from numpy.typing import NDArray

from taggram.errors import EvaluationError
from taggram.metrics._checks import require_comparable, require_finite


def require_classes(predicted: NDArray[Any], truth: NDArray[Any]) -> None:
    """Refuse what is not one class for each clip.

    Raises
    ------
    EvaluationError
        If the shapes differ or are not (clips,), if there are no clips, or if a class is NaN.
    """
    require_comparable(predicted, truth, "predicted and true classes")
    if predicted.ndim != 1:
        raise EvaluationError(f"predicted and true classes must have the shape (clips,), not {predicted.shape}")
    for classes in (predicted, truth):
        if classes.dtype.kind == "f":
            require_finite(classes, "classes")
