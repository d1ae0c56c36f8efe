"""White noise at a signal-to-noise ratio."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from taggram.audio.samples import check_samples
from taggram.deform._samples import rms
from taggram.deform.parameters import Range
from taggram.deform.registry import register

SNR = Range("snr", -10, 60, default=20, unit="dB")


@register(SNR, changes={"noise"})
def noise(
    x: NDArray[np.floating], sample_rate: int, snr: float, seed: int | np.random.Generator = 0
) -> NDArray[np.float32]:
    """Add white noise at a signal-to-noise ratio.

    Keeps length, timing, pitch and the original itself, to which the noise is added; silence stays silent. Changes the
    level: by +3 dB at 0 dB. Full scale may be exceeded.

    Parameters
    ----------
    x : (samples,) float
        Mono samples; full scale is 1.0.
    sample_rate
        In Hz.
    snr
        Power of the samples over that of the noise, from -10 to 60 dB.
    seed
        Seed or generator of the noise.

    Returns
    -------
    (samples,) float32

    Raises
    ------
    AudioError
        If the samples are not mono, not floats or not finite, if there are none, or if the sample rate is below 100.
    DeformationError
        If the ratio is outside its range.
    """
    x = check_samples(x, sample_rate)
    added = np.random.default_rng(seed).standard_normal(x.size, dtype=np.float32)
    return x + added * np.float32(rms(x) / rms(added) * 10 ** (-SNR.check(snr) / 20))
