"""Reverberation of a synthetic room."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from taggram.audio.samples import check_samples
from taggram.deform._samples import rms
from taggram.deform.parameters import Range
from taggram.deform.registry import register

SECONDS = Range("seconds", 0.1, 10, default=1)


@register(SECONDS, changes={"reverberation"})
def reverb(
    x: NDArray[np.floating], sample_rate: int, seconds: float, seed: int | np.random.Generator = 0
) -> NDArray[np.float32]:
    """Add the reverberation of a synthetic room.

    The impulse response is the direct sound followed by white noise that decays exponentially, with the same energy.
    Keeps length, where what would sound after the end is cut off; pitch; tempo; and the level (RMS). Smears attacks and
    pauses. Peaks may exceed the original ones.

    Parameters
    ----------
    x : (samples,) float
        Mono samples; full scale is 1.0.
    sample_rate
        In Hz.
    seconds
        The reverberation time, in which the noise decays by 60 dB, from 0.1 to 10 s.
    seed
        Seed or generator of the room.

    Returns
    -------
    (samples,) float32

    Raises
    ------
    AudioError
        If the samples are not mono, not floats or not finite, if there are none, or if the sample rate is below 100.
    DeformationError
        If the time is outside its range.
    """
    x, decay = check_samples(x, sample_rate), SECONDS.check(seconds)
    response = impulse_response(sample_rate, decay, np.random.default_rng(seed))[: x.size]
    size = 1 << (x.size + response.size - 2).bit_length()
    wet = np.fft.irfft(np.fft.rfft(x, size) * np.fft.rfft(response, size), size)[: x.size].astype(np.float32)
    level = rms(wet)
    return wet * np.float32(rms(x) / level) if level else wet


def impulse_response(sample_rate: int, seconds: float, rng: np.random.Generator) -> NDArray[np.float32]:
    """Return a direct sound of 1, and decaying noise of energy 1: (1 + seconds * sample_rate,) float32."""
    time = np.arange(1, round(seconds * sample_rate) + 1) / sample_rate
    tail = rng.standard_normal(time.size) * 10 ** (-3 * time / seconds)
    return np.concatenate([[1], tail / np.linalg.norm(tail)]).astype(np.float32)
