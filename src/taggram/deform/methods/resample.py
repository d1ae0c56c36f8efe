"""Resampling to another rate, and back."""

from __future__ import annotations

import numpy as np
import soxr
from numpy.typing import NDArray

from taggram.audio.samples import check_samples
from taggram.deform._samples import fit_length
from taggram.deform.parameters import Range
from taggram.deform.registry import register

RATE = Range("rate", 2000, 48000, default=8000, unit="Hz")


@register(RATE, changes={"fidelity"})
def resample(x: NDArray[np.floating], sample_rate: int, rate: float) -> NDArray[np.float32]:
    """Resample to another rate, and back.

    A lower rate loses all frequencies above its half; a higher one changes next to nothing. Keeps length, timing, pitch
    and lower frequencies.

    Parameters
    ----------
    x : (samples,) float
        Mono samples; full scale is 1.0.
    sample_rate
        In Hz.
    rate
        The other rate, from 2,000 to 48,000 Hz.

    Returns
    -------
    (samples,) float32
        At the original sample rate.

    Raises
    ------
    AudioError
        If the samples are not mono, not floats or not finite, if there are none, or if the sample rate is below 100.
    DeformationError
        If the rate is outside its range.
    """
    x, other = check_samples(x, sample_rate), RATE.check(rate)
    return fit_length(soxr.resample(soxr.resample(x, sample_rate, other), other, sample_rate), x.size)
