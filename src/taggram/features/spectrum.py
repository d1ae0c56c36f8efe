"""The power spectrum of frames, which all spectrograms start from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import torch
from torch import Tensor, nn
from torch.nn import functional

from taggram.features.dft import TwoStepDFT

if TYPE_CHECKING:
    from jaxtyping import Float


def decibels(power: Tensor) -> Tensor:
    """Compute 10 log10 of a power, which counts as 1e-10 where it is less."""
    return 10.0 * torch.log10(power.clamp(min=1e-10))


class PowerSpectrum(nn.Module):
    """Waveform to the power in each Fourier bin of its frames; the window is a periodic Hann window.

    In torch the Fourier transform is torch's own. While it is being exported it is made of matrix products
    (`TwoStepDFT`), which is what inference runtimes are fast at; the bins then come in the order of that transform's
    `reorder`.

    Parameters
    ----------
    n_fft, hop
        Length of a frame and distance between frames, in samples.
    padding
        What frames see beyond the ends: ``"zero"`` or ``"reflect"``; ``"none"``: they do not reach beyond.
    """

    def __init__(self, n_fft: int, hop: int, padding: Literal["none", "zero", "reflect"]) -> None:
        super().__init__()
        self.n_fft, self.hop, self.padding = n_fft, hop, padding
        self.dft = TwoStepDFT(n_fft)
        self.register_buffer("window", torch.hann_window(n_fft), persistent=False)
        self.window: Tensor

    def forward(self, waveform: Float[Tensor, "batch samples"]) -> Float[Tensor, "batch frames bins"]:
        """Compute the power spectrum of each frame."""
        if self.padding != "none":
            half = self.n_fft // 2
            mode = "reflect" if self.padding == "reflect" else "constant"
            waveform = functional.pad(waveform[:, None], (half, half), mode=mode)[:, 0]
        if torch.compiler.is_exporting():
            return self._exported(waveform)
        spectrum = torch.stft(waveform, self.n_fft, self.hop, window=self.window, center=False, return_complex=True)
        power: Tensor = spectrum.real.square() + spectrum.imag.square()
        return power.transpose(1, 2)

    def _exported(self, waveform: Float[Tensor, "batch samples"]) -> Float[Tensor, "batch frames positions"]:
        """Compute the same in operations that every inference runtime has."""
        n_fft, hop, row = self.n_fft, self.hop, self.dft.columns
        if n_fft % hop or hop % row:
            frames = waveform.unfold(-1, n_fft, hop)
        else:  # a frame is a few neighbouring hops; slicing them is faster than gathering overlapping frames
            hops = waveform[:, : waveform.shape[1] // hop * hop].unflatten(1, (-1, hop))
            count, per_frame = hops.shape[1], n_fft // hop
            frames = torch.cat([hops[:, i : count - per_frame + 1 + i] for i in range(per_frame)], dim=-1)
        rows = (frames.flatten(0, 1) * self.window).unflatten(1, (-1, row))
        power: Tensor = self.dft(rows)
        return power.reshape(*frames.shape[:2], -1)
