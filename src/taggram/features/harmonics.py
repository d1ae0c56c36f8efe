"""The harmonic spectrogram, whose filters learn how wide they are, as one torch module."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from taggram.features.spectrum import PowerSpectrum, decibels

if TYPE_CHECKING:
    from jaxtyping import Float

    from taggram.features.front_end import HarmonicFrontEnd


class Harmonics(nn.Module):
    r"""Waveform to a spectrogram for each harmonic (Won, Chun, Nieto and Serra 2020).

    Band b of harmonic h is a triangle around h times the frequency of the b-th pitch, as wide as the ear's filters
    there (Glasberg and Moore 1990) divided by a learned quality Q:

    .. math:: w_{hb}(f) = \max\left(0, 1 - \frac{2 |f - h f_b|}{(0.1079 h f_b + 24.7) / Q}\right).

    So the same place in all spectrograms is one pitch with its overtones, which a convolution sees as its channels.

    Parameters
    ----------
    front_end
        What to compute.

    Attributes
    ----------
    quality
        Q, the one learned number; 1 at first.
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
        spare = dft.reorder(torch.ones_like(bins)) == 0  # the second time that a bin comes up: it lies in no band
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

    def forward(self, waveform: Float[Tensor, "batch samples"]) -> Float[Tensor, "batch harmonics bands frames"]:
        """Compute the spectrogram of each harmonic.

        Parameters
        ----------
        waveform
            Mono samples at the front end's rate, usually within -1 and 1; at least one frame of them.

        Returns
        -------
        tensor, shape (batch, harmonics, bands, frames)
            In decibels: 10 log10(max(x, 1e-10)).
        """
        bins = self.dft_bins if torch.compiler.is_exporting() else self.bins
        bands = self.spectrum(waveform) @ self.filters(bins)
        return decibels(bands.unflatten(2, (self.harmonics, -1)).permute(0, 2, 3, 1))

    def filters(self, hz: Float[Tensor, "bins 1"]) -> Float[Tensor, "bins bands"]:
        """Compute the weights of frequencies in all bands, those of the first harmonic first."""
        return torch.relu(1.0 - 2.0 * self.quality / self.widths * (hz - self.centres).abs())
