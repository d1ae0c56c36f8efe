"""Layers that several architectures share."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

if TYPE_CHECKING:
    from jaxtyping import Float


class ConvBlock(nn.Module):
    """3x3 convolution, batch norm, ReLU, max-pooling (Choi et al. 2016).

    Parameters
    ----------
    channels_in, channels
        Number of channels before and after.
    pool
        Size and stride of the max-pooling, (mel, time).
    """

    def __init__(self, channels_in: int, channels: int, pool: tuple[int, int]) -> None:
        super().__init__()
        self.conv = nn.Conv2d(channels_in, channels, 3, padding=1)
        self.bn = nn.BatchNorm2d(channels)
        self.pool = nn.MaxPool2d(pool)

    def forward(self, x: Float[Tensor, "batch channels_in mels frames"]) -> Float[Tensor, "batch channels m f"]:
        """Apply the block."""
        y: Tensor = self.pool(torch.relu(self.bn(self.conv(x))))
        return y


class ConvBlock1d(nn.Module):
    """Convolution over time that keeps the length, batch norm, ReLU.

    Parameters
    ----------
    channels_in, channels
        Number of channels before and after.
    kernel
        Length of the filters, odd, in frames.
    """

    def __init__(self, channels_in: int, channels: int, kernel: int) -> None:
        super().__init__()
        self.conv = nn.Conv1d(channels_in, channels, kernel, padding=kernel // 2)
        self.bn = nn.BatchNorm1d(channels)

    def forward(self, x: Float[Tensor, "batch channels_in frames"]) -> Float[Tensor, "batch channels frames"]:
        """Apply the block."""
        return torch.relu(self.bn(self.conv(x)))
