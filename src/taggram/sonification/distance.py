"""Distance of two recordings by their spectra."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from taggram.features import FrontEnd
from taggram.features.numpy_log_mel import log_mel

__all__ = ["log_spectral_distance"]

_RANGE = 60.0  # decibels below the loudest band of the original


def log_spectral_distance(x: NDArray[np.float32], y: NDArray[np.float32], sample_rate: int) -> float:
    """Return how far the spectrum of a copy is from that of the original, whatever its phases.

    Parameters
    ----------
    x, y : (samples,) float32
        Original and copy, of the same length.
    sample_rate
        In Hz.

    Returns
    -------
    float
        Root mean square of the differences of 128 mel bands every 8 ms, in decibels, where the original is at most
        60 dB below its maximum; below that, values of the copy count as -60 dB. 0 for a silent original and copy.
    """
    hop = max(1, sample_rate // 125)
    fine = FrontEnd(sample_rate=sample_rate, n_fft=4 * hop, hop=hop, n_mels=128, mel_norm="slaney", padding="zero")
    original, copy = log_mel(np.stack([x, y]), fine)
    floor = original.max() - _RANGE
    differences = (np.maximum(copy, floor) - original)[original >= floor]
    return float(np.sqrt(np.mean(np.square(differences, dtype=np.float64))))
