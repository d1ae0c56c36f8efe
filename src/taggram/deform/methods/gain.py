"""Gain."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from taggram.audio.samples import check_samples
from taggram.deform.parameters import Range
from taggram.deform.registry import register

DECIBELS = Range("decibels", -40, 12, default=-12)


@register(DECIBELS, changes={"loudness"})
def gain(x: NDArray[np.floating], sample_rate: int, decibels: float) -> NDArray[np.float32]:
    """Change the level.

    Keeps everything else. Full scale may be exceeded: nothing is clipped.

    Parameters
    ----------
    x : (samples,) float
        Mono samples; full scale is 1.0.
    sample_rate
        In Hz.
    decibels
        From -40 to 12.

    Returns
    -------
    (samples,) float32

    Raises
    ------
    AudioError
        If the samples are not mono, not floats or not finite, if there are none, or if the sample rate is below 100.
    DeformationError
        If the gain is outside its range.
    """
    return check_samples(x, sample_rate) * np.float32(10 ** (DECIBELS.check(decibels) / 20))
