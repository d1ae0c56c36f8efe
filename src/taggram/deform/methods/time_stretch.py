"""Time stretch, by Signalsmith Stretch."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from taggram.audio.samples import check_samples
from taggram.deform.parameters import Range
from taggram.deform.registry import register
from taggram.errors import MissingExtraError

RATE = Range("rate", 0.5, 2, default=1.2, unit="times the speed")


@register(RATE, published=(2**-0.5, 2**0.5), changes={"tempo"}, keeps_length=False)
def time_stretch(x: NDArray[np.floating], sample_rate: int, rate: float) -> NDArray[np.float32]:
    """Change the speed and keep the pitch.

    Keeps pitch and, within about 1 dB, the level. Changes the length to ``round(len(x) / rate)``, at least 1, and the
    tempo, so that tags that name it ("slow", "fast") may be wrong. Smears attacks by some milliseconds. Peaks may
    exceed the original ones.

    Parameters
    ----------
    x : (samples,) float
        Mono samples; full scale is 1.0.
    sample_rate
        In Hz.
    rate
        Speed relative to the original, from 0.5 to 2: above 1 is faster and shorter.

    Returns
    -------
    (round(samples / rate),) float32

    Raises
    ------
    AudioError
        If the samples are not mono, not floats or not finite, if there are none, or if the sample rate is below 100.
    DeformationError
        If the rate is outside its range.
    MissingExtraError
        Without the deform extra.

    References
    ----------
    Signalsmith Stretch, through python-stretch; https://signalsmith-audio.co.uk/code/stretch
    """
    return stretch(check_samples(x, sample_rate), sample_rate, RATE.check(rate))


def stretch(x: NDArray[np.float32], sample_rate: int, rate: float) -> NDArray[np.float32]:
    """Stretch samples (samples,) float32 by any rate."""
    try:
        from python_stretch.Signalsmith import Stretch
    except ModuleNotFoundError:
        raise MissingExtraError("a time stretch or pitch shift", "deform") from None
    processor: Any = Stretch(0)
    processor.preset(1, sample_rate)
    processor.setTimeFactor(rate)
    stretched: NDArray[np.float32] = processor.process(x[None])[0]
    return stretched if stretched.size else x[:1].copy()
