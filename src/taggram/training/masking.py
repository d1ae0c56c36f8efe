"""Silenced mel bands: a network that cannot rely on any one of them learns to listen to all."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from jaxtyping import Float
    from torch import Tensor


def mask_bands(spectrogram: Float[Tensor, "batch mels frames"], widest: int) -> Float[Tensor, "batch mels frames"]:
    """Silence neighbouring mel bands of each segment: frequency masking as in SpecAugment (Park et al. 2019).

    Parameters
    ----------
    spectrogram
        In any unit that grows with the power.
    widest
        How many bands at most; the number is drawn between 0 and this, the place anywhere, by torch's generator.

    Returns
    -------
    tensor
        A copy, with the lowest value of each segment in its silenced bands.
    """
    batch, mels, _ = spectrogram.shape
    width = torch.randint(0, widest + 1, (batch, 1), device=spectrogram.device)
    first = (torch.rand(batch, 1, device=spectrogram.device) * (mels - width + 1)).long()
    band = torch.arange(mels, device=spectrogram.device)
    silent = (band >= first) & (band < first + width)
    return torch.where(silent[:, :, None], spectrogram.amin(dim=(1, 2), keepdim=True), spectrogram)
