"""Low-pass filter."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from taggram.audio.samples import check_samples
from taggram.deform._filters import apply_filter
from taggram.deform.parameters import Range
from taggram.deform.registry import register

CUTOFF = Range("cutoff", 100, 20000, default=4000, unit="Hz")


@register(CUTOFF, changes={"fidelity"})
def low_pass(x: NDArray[np.floating], sample_rate: int, cutoff: float) -> NDArray[np.float32]:
    """Attenuate high frequencies, by 12 dB per octave.

    A Butterworth filter of two poles: -3 dB at the cutoff. Keeps length, pitch and tempo, and what is well below the
    cutoff. Changes the spectrum, and delays it by about 0.2 periods of the cutoff.

    Parameters
    ----------
    x : (samples,) float
        Mono samples; full scale is 1.0.
    sample_rate
        In Hz.
    cutoff
        From 100 to 20,000 Hz. Half the sample rate or more changes nothing.

    Returns
    -------
    (samples,) float32

    Raises
    ------
    AudioError
        If the samples are not mono, not floats or not finite, if there are none, or if the sample rate is below 100.
    DeformationError
        If the cutoff is outside its range.
    """
    x, frequency = check_samples(x, sample_rate), CUTOFF.check(cutoff)
    if frequency >= sample_rate / 2:
        return x.copy()
    return apply_filter(x, sample_rate, "lowpass", f"f={frequency}:poles=2:width={0.5**0.5}:precision=f64")
