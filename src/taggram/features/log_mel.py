"""The log-mel-spectrogram as one torch module."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from taggram.features.mel import mel_filters
from taggram.features.normalise import Normalise
from taggram.features.spectrum import PowerSpectrum, decibels

if TYPE_CHECKING:
    from jaxtyping import Float

    from taggram.features.front_end import FrontEnd


class LogMel(nn.Module):
    """Waveform to log-mel-spectrogram.

    Parameters
    ----------
    front_end
        What to compute.
    """

    def __init__(self, front_end: FrontEnd) -> None:
        super().__init__()
        self.log = front_end.log
        self.spectrum = PowerSpectrum(front_end.n_fft, front_end.hop, front_end.padding)
        filters = torch.from_numpy(mel_filters(front_end)).float()
        self.register_buffer("filters", filters, persistent=False)
        self.register_buffer("dft_filters", self.spectrum.dft.reorder(filters), persistent=False)
        self.normalise = Normalise(front_end)
        self.filters: Tensor
        self.dft_filters: Tensor

    def forward(self, waveform: Float[Tensor, "batch samples"]) -> Float[Tensor, "batch mels frames"]:
        """Compute the log-mel-spectrogram.

        Parameters
        ----------
        waveform
            Mono samples at the front end's rate, usually within -1 and 1; at least one frame of them.

        Returns
        -------
        tensor, shape (batch, n_mels, frames)
            In the unit that the front end's `log` names, or as its `normalise` says.
        """
        filters = self.dft_filters if torch.compiler.is_exporting() else self.filters
        power = self.normalise.power(self.spectrum(waveform) @ filters)
        normalised: Tensor = self.normalise(self._log(power).transpose(1, 2))
        return normalised

    def _log(self, power: Tensor) -> Tensor:
        match self.log:
            case "db":
                return decibels(power)
            case "ln":
                return torch.log1p(10000.0 * power)
            case "log10":
                return torch.log1p(10000.0 * power) / math.log(10.0)
            case _:
                return power
