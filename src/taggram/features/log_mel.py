"""Log-mel-spectrogram as one torch module."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from taggram.features.front_end import FrontEnd
from taggram.features.mel import mel_filters
from taggram.features.normalize import Normalize
from taggram.features.spectrum import PowerSpectrum, decibels


class LogMel(nn.Module):
    """Compute log-mel-spectrograms from waveforms.

    Parameters
    ----------
    front_end
        The settings.
    """

    def __init__(self, front_end: FrontEnd) -> None:
        super().__init__()
        self.log, self.magnitude = front_end.log, front_end.spectrum == "magnitude"
        self.spectrum = PowerSpectrum(
            front_end.n_fft, front_end.hop, front_end.padding, front_end.win_length, front_end.window
        )
        filters = torch.from_numpy(mel_filters(front_end)).float()
        self.register_buffer("filters", filters, persistent=False)
        self.register_buffer("dft_filters", self.spectrum.dft.reorder(filters), persistent=False)
        self.normalize = Normalize(front_end)
        self.filters: Tensor
        self.dft_filters: Tensor

    def forward(self, waveform: Tensor) -> Tensor:
        """Compute the log-mel-spectrogram.

        Parameters
        ----------
        waveform : (batch, samples) float
            Mono samples at the front end's sample rate, usually between -1 and 1; at least one frame.

        Returns
        -------
        (batch, n_mels, frames) float
            In the unit of the front end's `log`, normalized by its `normalize`.
        """
        filters = self.dft_filters if torch.compiler.is_exporting() else self.filters
        spectrum = self.spectrum(waveform)
        bands = self.normalize.power((spectrum.sqrt() if self.magnitude else spectrum) @ filters)
        normalized: Tensor = self.normalize(self._log(bands).transpose(1, 2))
        return normalized

    def _log(self, bands: Tensor) -> Tensor:
        match self.log:
            case "db":
                return decibels(bands)
            case "amplitude_db":
                return 20.0 * torch.log10(bands.clamp(min=1e-5))
            case "ln":
                return torch.log1p(10000.0 * bands)
            case "log10":
                return torch.log1p(10000.0 * bands) / math.log(10.0)
            case "stabilized":
                return torch.log(bands + 0.001)
            case _:
                return bands
