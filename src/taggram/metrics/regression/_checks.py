"""Requirements of metrics of quantities."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from taggram.errors import EvaluationError
from taggram.metrics._checks import require_comparable, require_finite


def as_quantities(predicted: NDArray[Any], truth: NDArray[Any]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return both arrays as float64, in which unsigned integers have differences.

    Raises
    ------
    EvaluationError
        If the shapes differ or are not (clips, quantities), if there are no clips, or if a value is not finite.
    """
    require_comparable(predicted, truth, "predicted and true quantities")
    if predicted.ndim != 2:
        raise EvaluationError(f"quantities must have the shape (clips, quantities), not {predicted.shape}")
    require_finite(predicted, "predicted quantities")
    require_finite(truth, "true quantities")
    return predicted.astype(float), truth.astype(float)
