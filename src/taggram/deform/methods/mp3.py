"""Lossy compression as mp3."""

from __future__ import annotations

import io

import numpy as np
import soxr
from numpy.typing import NDArray

from taggram.audio.encode import encode
from taggram.audio.pyav import open_container
from taggram.audio.samples import check_samples
from taggram.deform._samples import fit_length
from taggram.deform.parameters import Choices
from taggram.deform.registry import register

BIT_RATE = Choices("bit_rate", (32, 64, 128), default=64, unit="kb/s")
# LAME's quality, 0 being the best: 1.4 times as fast as the usual 3, and the error differs by less than 0.4 dB.
_QUALITY = {"compression_level": "5"}
_RATES = (8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000)  # of MPEG layer III, in Hz


@register(BIT_RATE, changes={"fidelity"})
def mp3(x: NDArray[np.floating], sample_rate: int, bit_rate: int) -> NDArray[np.float32]:
    """Encode as mp3 and decode again.

    Keeps length, timing, pitch and, within 0.5 dB, the level: the encoder (LAME, constant bit rate) lowers it by 5 %.
    Loses what the encoder leaves out: high frequencies and masked sounds.

    Parameters
    ----------
    x : (samples,) float
        Mono samples; full scale is 1.0.
    sample_rate
        In Hz. A rate that mp3 lacks is resampled to the next higher one, or to 48,000 Hz, and back.
    bit_rate
        32, 64 or 128 kb/s. Below 16,000 Hz the format has no more than 64 kb/s.

    Returns
    -------
    (samples,) float32

    Raises
    ------
    AudioError
        If the samples are not mono, not floats or not finite, if there are none, or if the sample rate is below 100.
    DeformationError
        If there is no such bit rate.
    """
    x, kilobits = check_samples(x, sample_rate), int(BIT_RATE.check(bit_rate))
    rate = next((rate for rate in _RATES if rate >= sample_rate), _RATES[-1])
    samples = _decode(_encode(soxr.resample(x, sample_rate, rate), rate, kilobits))
    return fit_length(soxr.resample(samples, rate, sample_rate), x.size)


def _encode(x: NDArray[np.float32], rate: int, kilobits: int) -> io.BytesIO:
    file = io.BytesIO()
    encode(file, x, rate, "mp3", "libmp3lame", bit_rate=1000 * kilobits, options=_QUALITY)
    file.seek(0)
    return file


def _decode(file: io.BytesIO) -> NDArray[np.float32]:
    with open_container(file) as container:
        return np.concatenate([frame.to_ndarray()[0] for frame in container.decode(audio=0)])
