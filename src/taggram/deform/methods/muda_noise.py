"""White noise by MUDA's weight."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from taggram.audio.samples import check_samples
from taggram.deform.parameters import Range
from taggram.deform.registry import register

WEIGHT = Range("weight", 0, 1, default=0.2)


@register(WEIGHT, published=(0.1, 0.4), changes={"noise"})
def muda_noise(
    x: NDArray[np.floating], sample_rate: int, weight: float, seed: int | np.random.Generator = 0
) -> NDArray[np.float32]:
    """Mix with white noise by a weight, as MUDA does.

    The result is ``(1 - weight) * x + weight * max(x) * noise``, where the noise has peak 1. Keeps length, timing and
    pitch; silence stays silent. Changes the level of the original to ``1 - weight``, and its signal-to-noise ratio by
    an amount that depends on its peak: use `noise` to set the ratio.

    Parameters
    ----------
    x : (samples,) float
        Mono samples; full scale is 1.0.
    sample_rate
        In Hz.
    weight
        Of the noise, from 0 to 1.
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
        If the weight is outside its range.

    References
    ----------
    McFee, Humphrey, Bello: "A software framework for musical data augmentation", ISMIR 2015.
    """
    x = check_samples(x, sample_rate)
    share = WEIGHT.check(weight)
    added = np.random.default_rng(seed).standard_normal(x.size, dtype=np.float32)
    return np.float32(1 - share) * x + np.float32(share * x.max() / np.abs(added).max()) * added
