"""Augmentation of waveforms in a batch: gain, equalizer and noise, which a listener would hardly let change a tag."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

BANDS = 8  # of the equalizer, evenly spaced in log frequency, with linear interpolation of the gains between them
LOWEST = 40.0  # Hz, centre of the lowest band; the highest is at half the sample rate


@dataclass(frozen=True)
class Augmentation:
    """Random changes of segments, each drawn anew by torch's generator.

    Attributes
    ----------
    gain
        Maximum change of the level, in dB, uniform in both directions.
    eq
        Standard deviation of the gains of the bands of an equalizer, in dB.
    noise
        Least signal-to-noise ratio of white noise, in dB; the ratio is uniform up to 30 dB more. Half of the segments
        stay without noise. None: no noise.
    """

    gain: float = 0.0
    eq: float = 0.0
    noise: float | None = None

    def __call__(self, waveform: Tensor, sample_rate: int) -> Tensor:
        """Augment segments.

        Parameters
        ----------
        waveform : (batch, samples) float
            Full scale is 1.0; it may be exceeded afterwards.
        sample_rate
            In Hz.

        Returns
        -------
        (batch, samples) float
        """
        batch, samples = waveform.shape
        device = waveform.device
        if self.eq:
            frequency = torch.fft.rfftfreq(samples, 1 / sample_rate, device=device).clamp(min=LOWEST)
            top = torch.tensor(sample_rate / 2 / LOWEST, device=device)
            position = (frequency / LOWEST).log() / top.log() * (BANDS - 1)
            below = position.long().clamp(max=BANDS - 2)
            bands = self.eq * torch.randn(batch, BANDS, device=device)
            decibels = torch.lerp(bands[:, below], bands[:, below + 1], position - below)
            waveform = torch.fft.irfft(torch.fft.rfft(waveform) * 10 ** (decibels / 20), samples)
        if self.noise is not None:
            ratio = self.noise + 30 * torch.rand(batch, 1, device=device)
            level = waveform.square().mean(dim=1, keepdim=True).sqrt() * 10 ** (-ratio / 20)
            level = level * (torch.rand(batch, 1, device=device) < 0.5)
            waveform = waveform + level * torch.randn_like(waveform)
        if self.gain:
            decibels = self.gain * (2 * torch.rand(batch, 1, device=device) - 1)
            waveform = waveform * 10 ** (decibels / 20)
        return waveform
