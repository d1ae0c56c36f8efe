"""Pitch shift: a time stretch that resampling undoes."""

from __future__ import annotations

import numpy as np
import soxr
from numpy.typing import NDArray

from taggram.audio.samples import check_samples
from taggram.deform._samples import fit_length
from taggram.deform.methods.time_stretch import stretch
from taggram.deform.parameters import Range
from taggram.deform.registry import register

SEMITONES = Range("semitones", -12, 12, default=1)


@register(SEMITONES, published=(-1, 1), changes={"key"})
def pitch_shift(x: NDArray[np.floating], sample_rate: int, semitones: float) -> NDArray[np.float32]:
    """Change the pitch and keep the speed.

    Keeps length, tempo and, within about 1 dB, the level. Changes all frequencies by a factor: the key, so that tags
    that name one ("C major") are wrong, and the formants of voices and instruments. A shift down leaves the highest
    frequencies empty, a shift up loses what would lie above half the sample rate. Smears attacks as `time_stretch`
    does.

    Parameters
    ----------
    x : (samples,) float
        Mono samples; full scale is 1.0.
    sample_rate
        In Hz.
    semitones
        From -12 to 12; fractions are allowed.

    Returns
    -------
    (samples,) float32

    Raises
    ------
    AudioError
        If the samples are not mono, not floats or not finite, if there are none, or if the sample rate is below 100.
    DeformationError
        If the shift is outside its range.
    MissingExtraError
        Without the deform extra.
    """
    x = check_samples(x, sample_rate)
    # The transposition of Signalsmith Stretch itself is up to 13 cents off at 110 Hz; this is exact to a cent.
    ratio = 2.0 ** (SEMITONES.check(semitones) / 12)
    shifted = soxr.resample(stretch(x, sample_rate, 1 / ratio), sample_rate * ratio, sample_rate)
    return fit_length(shifted, x.size)
