"""Uniform quantization of the values of a spectrogram."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["reduce_bit_depth"]


def reduce_bit_depth(values: NDArray[np.float32], bits: int) -> NDArray[np.float32]:
    """Round values to 2^bits equally spaced levels, from the least to the greatest value.

    Parameters
    ----------
    values
        Of any shape, finite; usually a log-mel-spectrogram.
    bits
        1 to 16.

    Returns
    -------
    float32 of the same shape
        The least and the greatest value are kept; no value changes by more than half a step.

    Raises
    ------
    ValueError
        For another number of bits.

    Examples
    --------
    >>> reduce_bit_depth(np.array([-80, -41, -39, 0], np.float32), 1)
    array([-80., -80.,   0.,   0.], dtype=float32)
    """
    if not 1 <= bits <= 16:
        raise ValueError(f"bits must be 1 to 16, not {bits}")
    low, high = float(values.min()), float(values.max())
    step = (high - low) / (2**bits - 1) or 1.0  # equal values stay as they are
    return (low + np.rint((values.astype(np.float64) - low) / step) * step).astype(np.float32)
