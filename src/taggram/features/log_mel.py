"""The log-mel-spectrogram as one torch module."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn
from torch.nn import functional

from taggram.features.dft import TwoStepDFT
from taggram.features.mel import mel_filters

if TYPE_CHECKING:
    from jaxtyping import Float

    from taggram.features.front_end import FrontEnd


class LogMel(nn.Module):
    """Waveform to log-mel-spectrogram.

    In torch the Fourier transform is torch's own. While it is being exported it is made of matrix products
    (`TwoStepDFT`), which is what inference runtimes are fast at.

    Parameters
    ----------
    front_end
        What to compute.
    """

    def __init__(self, front_end: FrontEnd) -> None:
        super().__init__()
        self.front_end = front_end
        filters = torch.from_numpy(mel_filters(front_end)).float()
        self.dft = TwoStepDFT(front_end.n_fft)
        self.register_buffer("window", torch.hann_window(front_end.n_fft), persistent=False)
        self.register_buffer("filters", filters, persistent=False)
        self.register_buffer("dft_filters", self.dft.reorder(filters), persistent=False)
        self.window: Tensor
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
            In the unit that the front end's `log` names.
        """
        front_end = self.front_end
        if front_end.padding != "none":
            half = front_end.n_fft // 2
            mode = "reflect" if front_end.padding == "reflect" else "constant"
            waveform = functional.pad(waveform[:, None], (half, half), mode=mode)[:, 0]
        mel = self.mel_exported(waveform) if torch.compiler.is_exporting() else self.mel(waveform)
        return self._log(mel).transpose(1, 2)

    def mel(self, waveform: Float[Tensor, "batch samples"]) -> Float[Tensor, "batch frames mels"]:
        """Compute the power in each mel band of a padded waveform, with torch's Fourier transform."""
        n_fft, hop = self.front_end.n_fft, self.front_end.hop
        spectrum = torch.stft(waveform, n_fft, hop, window=self.window, center=False, return_complex=True)
        return (spectrum.real.square() + spectrum.imag.square()).transpose(1, 2) @ self.filters

    def mel_exported(self, waveform: Float[Tensor, "batch samples"]) -> Float[Tensor, "batch frames mels"]:
        """Compute the same in operations that every inference runtime has."""
        n_fft, hop, row = self.front_end.n_fft, self.front_end.hop, self.dft.columns
        if n_fft % hop or hop % row:
            frames = waveform.unfold(-1, n_fft, hop)
        else:  # a frame is a few neighbouring hops; slicing them is faster than gathering overlapping frames
            hops = waveform[:, : waveform.shape[1] // hop * hop].unflatten(1, (-1, hop))
            count, per_frame = hops.shape[1], n_fft // hop
            frames = torch.cat([hops[:, i : count - per_frame + 1 + i] for i in range(per_frame)], dim=-1)
        rows = (frames.flatten(0, 1) * self.window).unflatten(1, (-1, row))
        mel: Tensor = self.dft(rows) @ self.dft_filters
        return mel.reshape(*frames.shape[:2], -1)

    def _log(self, power: Tensor) -> Tensor:
        match self.front_end.log:
            case "db":
                return 10.0 * torch.log10(power.clamp(min=1e-10))
            case "ln":
                return torch.log1p(10000.0 * power)
            case "log10":
                return torch.log1p(10000.0 * power) / math.log(10.0)
            case _:
                return power
