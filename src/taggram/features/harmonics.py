"""Harmonic spectrogram with filters of trainable width, as one torch module."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from taggram.features.front_end import HarmonicFrontEnd
from taggram.features.spectrum import PowerSpectrum, decibels


class Harmonics(nn.Module):
    r"""Compute a spectrogram for each harmonic (Won, Chun, Nieto and Serra 2020).

    Band b of harmonic h is a triangle around h times the frequency of the b-th pitch. Its width is that of the auditory
    filter at this frequency (Glasberg and Moore 1990), divided by a trainable quality Q:

    .. math:: w_{hb}(f) = \max\left(0, 1 - \frac{2 |f - h f_b|}{(0.1079 h f_b + 24.7) / Q}\right).

    So one band of all spectrograms is a pitch with its overtones, which are the input channels of a convolution.

    Parameters
    ----------
    front_end
        The settings.

    Attributes
    ----------
    quality
        Q, the only trainable parameter; initially 1.
    """

    def __init__(self, front_end: HarmonicFrontEnd) -> None:
        super().__init__()
        self.harmonics = front_end.harmonics
        self.spectrum = PowerSpectrum(front_end.n_fft, front_end.hop, front_end.padding)
        self.quality = nn.Parameter(torch.ones(1))
        pitches = torch.tensor(front_end.pitches, dtype=torch.float64)
        centres = torch.outer(torch.arange(1, self.harmonics + 1), pitches).flatten()
        bins = torch.linspace(0, front_end.sample_rate / 2, front_end.n_fft // 2 + 1)[:, None]
        dft = self.spectrum.dft
        spare = dft.reorder(torch.ones_like(bins)) == 0  # the second occurrence of a bin: it belongs to no band
        for name, buffer in (
            ("centres", centres),
            ("widths", 0.1079 * centres + 24.7),
            ("bins", bins),
            ("dft_bins", dft.reorder(bins).masked_fill(spare, math.inf)),
        ):
            self.register_buffer(name, buffer.float(), persistent=False)
        self.centres: Tensor
        self.widths: Tensor
        self.bins: Tensor
        self.dft_bins: Tensor

    def forward(self, waveform: Tensor) -> Tensor:
        """Compute the spectrogram of each harmonic.

        Parameters
        ----------
        waveform : (batch, samples) float
            Mono samples at the front end's sample rate, usually between -1 and 1; at least one frame.

        Returns
        -------
        (batch, harmonics, bands, frames) float
            In decibels: 10 log10(max(x, 1e-10)).
        """
        bins = self.dft_bins if torch.compiler.is_exporting() else self.bins
        bands = self.spectrum(waveform) @ self.filters(bins)
        return decibels(bands.unflatten(2, (self.harmonics, -1)).permute(0, 2, 3, 1))

    def filters(self, hz: Tensor) -> Tensor:
        """Compute the weights (bins, bands) of frequencies (bins, 1) in all bands, harmonic by harmonic."""
        return torch.relu(1.0 - 2.0 * self.quality / self.widths * (hz - self.centres).abs())
