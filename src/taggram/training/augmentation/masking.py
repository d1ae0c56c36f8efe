"""Frequency masking, as in SpecAugment (Park et al. 2019)."""

from __future__ import annotations

import torch
from torch import Tensor


def mask_bands(spectrogram: Tensor, max_width: int) -> Tensor:
    """Mask a random range of mel bands in each segment.

    Parameters
    ----------
    spectrogram : (batch, mels, frames)
        In any unit that increases with the power.
    max_width
        Maximum number of masked bands. The number is drawn between 0 and this, the position anywhere, by torch's
        generator.

    Returns
    -------
    (batch, mels, frames)
        A copy, with the minimum of each segment in its masked bands.
    """
    batch, mels, _ = spectrogram.shape
    width = torch.randint(0, max_width + 1, (batch, 1), device=spectrogram.device)
    first = (torch.rand(batch, 1, device=spectrogram.device) * (mels - width + 1)).long()
    band = torch.arange(mels, device=spectrogram.device)
    masked = (band >= first) & (band < first + width)
    return torch.where(masked[:, :, None], spectrogram.amin(dim=(1, 2), keepdim=True), spectrogram)
