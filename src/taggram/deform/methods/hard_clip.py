"""Hard clipping."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from taggram.audio.samples import check_samples
from taggram.deform.parameters import Range
from taggram.deform.registry import register

DEPTH = Range("depth", 0, 40, default=12, unit="dB")


@register(DEPTH, changes={"distortion"})
def hard_clip(x: NDArray[np.floating], sample_rate: int, depth: float) -> NDArray[np.float32]:
    """Clip the samples at a level below their peak.

    Keeps length, timing, pitch, and all samples that are within the limit. Adds harmonics, and lowers the level: there
    is no make-up gain.

    Parameters
    ----------
    x : (samples,) float
        Mono samples; full scale is 1.0.
    sample_rate
        In Hz.
    depth
        The limit below the peak of the samples, from 0 to 40 dB.

    Returns
    -------
    (samples,) float32

    Raises
    ------
    AudioError
        If the samples are not mono, not floats or not finite, if there are none, or if the sample rate is below 100.
    DeformationError
        If the depth is outside its range.
    """
    x = check_samples(x, sample_rate)
    limit = np.abs(x).max() * np.float32(10 ** (-DEPTH.check(depth) / 20))
    return np.clip(x, -limit, limit)
