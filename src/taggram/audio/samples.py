"""The samples that functions of arrays take."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from taggram.audio.source import SAMPLE_RATES
from taggram.errors import AudioError

__all__ = ["check_samples"]


def check_samples(x: NDArray[np.floating], sample_rate: int) -> NDArray[np.float32]:
    """Return samples as float32.

    Parameters
    ----------
    x : (samples,) any float
        Mono samples, finite; full scale is 1.0.
    sample_rate
        In Hz.

    Returns
    -------
    (samples,) float32
        The array itself if it is float32 and contiguous.

    Raises
    ------
    AudioError
        If the samples are not mono, not floats or not finite, if there are none, or if the sample rate is below 100.
    """
    x = np.asarray(x)
    if x.ndim != 1:
        raise AudioError(f"samples must be mono, of shape (samples,), not {x.shape}: see taggram.audio.clean")
    if x.dtype.kind != "f":
        raise AudioError(f"samples must be floats with full scale 1.0, not {x.dtype}: see taggram.audio.clean")
    if x.size == 0:
        raise AudioError("the array has no samples")
    if not np.isfinite(x).all():
        raise AudioError("some samples are NaN or infinite: see taggram.audio.clean")
    if not SAMPLE_RATES.start <= sample_rate < SAMPLE_RATES.stop:
        raise AudioError(f"the sample rate must be {SAMPLE_RATES[0]} to {SAMPLE_RATES[-1]} Hz, not {sample_rate}")
    return np.ascontiguousarray(x, dtype=np.float32)
