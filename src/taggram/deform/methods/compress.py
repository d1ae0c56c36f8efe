"""Dynamic range compression by the presets of Dolby E, as MUDA has them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from taggram.audio.samples import check_samples
from taggram.deform._filters import apply_filter
from taggram.deform.parameters import Choices
from taggram.deform.registry import register

# Attack and decay in seconds; points of the transfer curve, input and output in dB; gain in dB; delay in seconds.
_PRESETS = {
    "radio": ("0.01", "1", "-90/-90|-70/-70|-60/-20|0/0", -5, 0.0),
    "film-standard": ("0.1", "0.3", "-90/-90|-70/-64|-43/-37|-31/-31|-21/-21|0/-20", 0, 0.1),
    "film-light": ("0.1", "0.3", "-90/-90|-70/-64|-53/-47|-41/-41|-21/-21|0/-20", 0, 0.1),
    "music-standard": ("0.1", "0.3", "-90/-90|-70/-58|-55/-43|-31/-31|-21/-21|0/-20", 0, 0.1),
    "music-light": ("0.1", "0.3", "-90/-90|-70/-58|-65/-53|-41/-41|-21/-21|0/-11", 0, 0.1),
    "speech": ("0.1", "0.3", "-90/-90|-70/-55|-50/-35|-31/-31|-21/-21|0/-20", 0, 0.1),
}
PRESET = Choices("preset", tuple(_PRESETS), default="music-standard")


@register(PRESET, published=("music-standard", "speech"), changes={"loudness"})
def compress(x: NDArray[np.floating], sample_rate: int, preset: str) -> NDArray[np.float32]:
    """Compress the dynamic range.

    Keeps length, timing and pitch. Changes the level over time: soft passages become louder, loud ones softer, by up to
    20 dB at full scale (11 dB with "music-light"), so that tags that name the loudness ("quiet") may be wrong. Samples
    above full scale are clipped, before and after, as in sox, which MUDA calls; "radio" makes attacks that loud.

    Parameters
    ----------
    x : (samples,) float
        Mono samples; full scale is 1.0.
    sample_rate
        In Hz.
    preset
        "radio", "film-standard", "film-light", "music-standard", "music-light" or "speech": MUDA's, whose names have
        spaces instead of hyphens.

    Returns
    -------
    (samples,) float32

    Raises
    ------
    AudioError
        If the samples are not mono, not floats or not finite, if there are none, or if the sample rate is below 100.
    DeformationError
        If there is no such preset.

    References
    ----------
    McFee, Humphrey, Bello: "A software framework for musical data augmentation", ISMIR 2015.
    """
    attack, decay, points, decibels, delay = _PRESETS[str(PRESET.check(preset))]
    arguments = f"attacks={attack}:decays={decay}:points={points}:gain={decibels}:volume=0:delay={delay}"
    within = np.clip(check_samples(x, sample_rate), -1, 1)
    return np.clip(apply_filter(within, sample_rate, "compand", arguments), -1, 1)
