"""Length and level of samples."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["fit_length", "rms"]


def fit_length(x: NDArray[np.float32], length: int) -> NDArray[np.float32]:
    """Cut samples (samples,) float32 to a length, or append zeros."""
    return np.pad(x, (0, length - x.size)) if x.size < length else x[:length]


def rms(x: NDArray[np.float32]) -> float:
    """Return the root mean square of samples."""
    return float(np.sqrt(np.mean(np.square(x, dtype=np.float64))))
