"""Power spectrum of frames, the first step of all spectrograms."""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional

from taggram.features.dft import TwoStepDFT


def decibels(power: Tensor) -> Tensor:
    """Compute 10 log10(max(power, 1e-10))."""
    return 10.0 * torch.log10(power.clamp(min=1e-10))


class PowerSpectrum(nn.Module):
    """Compute the power of each Fourier bin of frames, with a Hann window.

    In torch it uses torch's Fourier transform; in exported files matrix products (`TwoStepDFT`), which inference
    runtimes compute fast. The bins then have the order of that transform's `reorder`.

    Parameters
    ----------
    n_fft, hop
        Length of the Fourier transform and distance between frames, in samples.
    padding
        Padding at the ends, with centred frames: ``"zero"`` or ``"reflect"``; ``"none"``: frames are not centred.
    win_length
        Length of a frame and its window, even; None means `n_fft`. A shorter one is padded with zeros at both ends.
    window
        ``"periodic"`` or ``"symmetric"``.
    """

    def __init__(
        self,
        n_fft: int,
        hop: int,
        padding: Literal["none", "zero", "reflect"],
        win_length: int | None = None,
        window: Literal["periodic", "symmetric"] = "periodic",
    ) -> None:
        super().__init__()
        self.n_fft, self.hop, self.padding = n_fft, hop, padding
        self.margin = 0 if win_length is None else (n_fft - win_length) // 2
        self.dft = TwoStepDFT(n_fft)
        hann = torch.hann_window(n_fft - 2 * self.margin, periodic=window == "periodic")
        self.register_buffer("window", functional.pad(hann, (self.margin, self.margin)), persistent=False)
        self.window: Tensor

    def forward(self, waveform: Tensor) -> Tensor:
        """Compute power spectra (batch, frames, bins) from waveforms (batch, samples)."""
        if self.padding != "none":
            half = self.n_fft // 2
            mode = "reflect" if self.padding == "reflect" else "constant"
            waveform = functional.pad(waveform[:, None], (half, half), mode=mode)[:, 0]
        elif self.margin:
            waveform = functional.pad(waveform, (self.margin, self.margin))
        if torch.compiler.is_exporting():
            return self._exported(waveform)
        spectrum = torch.stft(waveform, self.n_fft, self.hop, window=self.window, center=False, return_complex=True)
        power: Tensor = spectrum.real.square() + spectrum.imag.square()
        return power.transpose(1, 2)

    def _exported(self, waveform: Tensor) -> Tensor:
        """Compute the same with operations that every inference runtime has."""
        n_fft, hop, row = self.n_fft, self.hop, self.dft.columns
        if n_fft % hop or hop % row:
            frames = waveform.unfold(-1, n_fft, hop)
        else:  # a frame is a few adjacent hops; slicing them is faster than gathering overlapping frames
            hops = waveform[:, : waveform.shape[1] // hop * hop].unflatten(1, (-1, hop))
            count, per_frame = hops.shape[1], n_fft // hop
            frames = torch.cat([hops[:, i : count - per_frame + 1 + i] for i in range(per_frame)], dim=-1)
        rows = (frames.flatten(0, 1) * self.window).unflatten(1, (-1, row))
        power: Tensor = self.dft(rows)
        return power.reshape(*frames.shape[:2], -1)
