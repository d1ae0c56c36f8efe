"""Layers that several architectures share."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn
from torch.nn import functional

from taggram.models.norm_pool import norm_pool

if TYPE_CHECKING:
    from jaxtyping import Float


def max_over_bands(x: Float[Tensor, "batch channels mels frames"]) -> Float[Tensor, "batch channels frames"]:
    """Return the maximum over mel bands; pooling is the faster way where channels lie last, as in training."""
    if x.is_contiguous(memory_format=torch.channels_last):
        return gradient_channels_last(functional.max_pool2d(x, (x.shape[2], 1))).squeeze(2)
    return x.amax(2)


def gradient_channels_last(pooled: Tensor) -> Tensor:
    """Have the gradient of what a pooling gives laid out channels last; torch lays out that of the whole map alike."""
    if pooled.requires_grad:
        pooled.register_hook(lambda gradient: gradient.contiguous(memory_format=torch.channels_last))
    return pooled


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
        return norm_pool(self.conv(x), self.bn, self.pool, torch.relu)


class ResidualBlock(nn.Module):
    """Two 3x3 convolutions with batch norm beside a way around them, then ReLU and max-pooling (He et al. 2016).

    Parameters
    ----------
    channels_in, channels
        Number of channels before and after.
    stride
        Of the first convolution, (mel, time).
    pool
        Size and stride of the max-pooling, (mel, time).
    """

    def __init__(
        self, channels_in: int, channels: int, *, stride: tuple[int, int] = (1, 1), pool: tuple[int, int] = (1, 1)
    ) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(channels_in, channels, 3, stride, padding=1)
        self.bn1 = nn.BatchNorm2d(channels)
        self.conv2 = nn.Conv2d(channels, channels, 3, padding=1)
        self.bn2 = nn.BatchNorm2d(channels)
        self.around: nn.Module = nn.Identity()
        if channels_in != channels or stride != (1, 1):
            self.around = nn.Sequential(
                nn.Conv2d(channels_in, channels, 3, stride, padding=1), nn.BatchNorm2d(channels)
            )
        self.pool = nn.Identity() if pool == (1, 1) else nn.MaxPool2d(pool)

    def forward(self, x: Float[Tensor, "batch channels_in mels frames"]) -> Float[Tensor, "batch channels m f"]:
        """Apply the block."""
        y = self.bn2(self.conv2(torch.relu(self.bn1(self.conv1(x)))))
        z: Tensor = self.pool(torch.relu(y + self.around(x)))
        return z


class ConvBlock1d(nn.Module):
    """Convolution over time, batch norm, ReLU, max-pooling.

    Parameters
    ----------
    channels_in, channels
        Number of channels before and after.
    kernel
        Length of the filters, odd, in frames.
    stride
        Distance between outputs, in frames; 1 keeps the length.
    pool
        Size and stride of the max-pooling.
    """

    def __init__(self, channels_in: int, channels: int, kernel: int, *, stride: int = 1, pool: int = 1) -> None:
        super().__init__()
        self.conv = nn.Conv1d(channels_in, channels, kernel, stride, padding=kernel // 2)
        self.bn = nn.BatchNorm1d(channels)
        self.pool = nn.Identity() if pool == 1 else nn.MaxPool1d(pool)

    def forward(self, x: Float[Tensor, "batch channels_in frames"]) -> Float[Tensor, "batch channels f"]:
        """Apply the block."""
        return norm_pool(self.conv(x), self.bn, self.pool, torch.relu)


class Excitation(nn.Module):
    """Squeeze-and-excitation: what is in each channel on average decides how loud the channels are (Hu et al. 2018).

    Parameters
    ----------
    channels
        Number of channels.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.dense1 = nn.Linear(channels, channels)
        self.dense2 = nn.Linear(channels, channels)

    def forward(self, x: Float[Tensor, "batch channels frames"]) -> Float[Tensor, "batch channels frames"]:
        """Scale the channels."""
        gain = torch.sigmoid(self.dense2(torch.relu(self.dense1(x.mean(2)))))
        return x * gain[:, :, None]


class ExcitedBlock1d(nn.Module):
    """Two convolutions over time with batch norm and `Excitation` beside a way around them, ReLU, max-pooling.

    The block that Kim et al. 2018 call ReSE.

    Parameters
    ----------
    channels_in, channels
        Number of channels before and after.
    kernel
        Length of the filters, odd, in frames.
    stride
        Of the first convolution, in frames.
    pool
        Size and stride of the max-pooling.
    """

    def __init__(self, channels_in: int, channels: int, kernel: int, *, stride: int = 1, pool: int = 1) -> None:
        super().__init__()
        self.conv1 = nn.Conv1d(channels_in, channels, kernel, stride, padding=kernel // 2)
        self.bn1 = nn.BatchNorm1d(channels)
        self.conv2 = nn.Conv1d(channels, channels, kernel, padding=kernel // 2)
        self.bn2 = nn.BatchNorm1d(channels)
        self.excitation = Excitation(channels)
        self.around: nn.Module = nn.Identity()
        if channels_in != channels or stride != 1:
            self.around = nn.Sequential(
                nn.Conv1d(channels_in, channels, kernel, stride, padding=kernel // 2), nn.BatchNorm1d(channels)
            )
        self.pool = nn.Identity() if pool == 1 else nn.MaxPool1d(pool)

    def forward(self, x: Float[Tensor, "batch channels_in frames"]) -> Float[Tensor, "batch channels f"]:
        """Apply the block."""
        y = self.bn2(self.conv2(torch.relu(self.bn1(self.conv1(x)))))
        z: Tensor = self.pool(torch.relu(self.excitation(y) + self.around(x)))
        return z
