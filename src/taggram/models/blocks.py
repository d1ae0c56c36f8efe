"""Blocks of layers that several architectures share."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence

import torch
from torch import Tensor, nn


class ConvBlock(nn.Sequential):
    """3x3 convolution, batch norm, ReLU, max-pooling (Choi et al. 2016).

    Parameters
    ----------
    channels_in, channels
        Number of channels before and after.
    pool
        Size and stride of the max-pooling, (mel, time).
    """

    def __init__(self, channels_in: int, channels: int, pool: tuple[int, int]) -> None:
        super().__init__(
            OrderedDict(
                conv=nn.Conv2d(channels_in, channels, 3, padding=1),
                bn=nn.BatchNorm2d(channels),
                relu=nn.ReLU(),
                pool=nn.MaxPool2d(pool),
            )
        )


class ConvELUBlock(nn.Sequential):
    """3x3 convolution, batch norm, ELU, max-pooling, with Keras' epsilon (Choi et al. 2016).

    Parameters
    ----------
    channels_in, channels
        Number of channels before and after.
    pool
        Size and stride of the max-pooling, (mel, time).
    """

    def __init__(self, channels_in: int, channels: int, pool: tuple[int, int]) -> None:
        super().__init__(
            OrderedDict(
                conv=nn.Conv2d(channels_in, channels, 3, padding=1),
                bn=nn.BatchNorm2d(channels, eps=1e-3),
                elu=nn.ELU(),
                pool=nn.MaxPool2d(pool),
            )
        )


class ConvBlock1d(nn.Sequential):
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
        super().__init__(
            OrderedDict(
                conv=nn.Conv1d(channels_in, channels, kernel, stride, padding=kernel // 2),
                bn=nn.BatchNorm1d(channels),
                relu=nn.ReLU(),
                pool=nn.MaxPool1d(pool) if pool > 1 else nn.Identity(),
            )
        )


class ResidualBlock(nn.Module):
    """Two 3x3 convolutions with batch norm and a shortcut, then ReLU and max-pooling (He et al. 2016).

    Parameters
    ----------
    channels_in, channels
        Number of channels before and after.
    stride
        Stride of the first convolution, (mel, time).
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
        self.shortcut: nn.Module = nn.Identity()
        if channels_in != channels or stride != (1, 1):
            self.shortcut = nn.Sequential(
                nn.Conv2d(channels_in, channels, 3, stride, padding=1), nn.BatchNorm2d(channels)
            )
        self.pool = nn.Identity() if pool == (1, 1) else nn.MaxPool2d(pool)

    def forward(self, x: Tensor) -> Tensor:
        """Apply the block to (batch, channels_in, mels, frames)."""
        y = self.bn2(self.conv2(torch.relu(self.bn1(self.conv1(x)))))
        z: Tensor = self.pool(torch.relu(y + self.shortcut(x)))
        return z


class SqueezeExcitation(nn.Module):
    """Scale each channel by a gain computed from the means of all channels over time (Hu et al. 2018).

    Parameters
    ----------
    channels
        Number of channels.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.dense1 = nn.Linear(channels, channels)
        self.dense2 = nn.Linear(channels, channels)

    def forward(self, x: Tensor) -> Tensor:
        """Scale the channels of (batch, channels, frames)."""
        gain = torch.sigmoid(self.dense2(torch.relu(self.dense1(x.mean(2)))))
        return x * gain[:, :, None]


class ExcitationBlock1d(nn.Module):
    """Two convolutions over time with batch norm, squeeze-and-excitation and a shortcut, ReLU, max-pooling.

    The ReSE block of Kim et al. 2018.

    Parameters
    ----------
    channels_in, channels
        Number of channels before and after.
    kernel
        Length of the filters, odd, in frames.
    stride
        Stride of the first convolution, in frames.
    pool
        Size and stride of the max-pooling.
    """

    def __init__(self, channels_in: int, channels: int, kernel: int, *, stride: int = 1, pool: int = 1) -> None:
        super().__init__()
        self.conv1 = nn.Conv1d(channels_in, channels, kernel, stride, padding=kernel // 2)
        self.bn1 = nn.BatchNorm1d(channels)
        self.conv2 = nn.Conv1d(channels, channels, kernel, padding=kernel // 2)
        self.bn2 = nn.BatchNorm1d(channels)
        self.excitation = SqueezeExcitation(channels)
        self.shortcut: nn.Module = nn.Identity()
        if channels_in != channels or stride != 1:
            self.shortcut = nn.Sequential(
                nn.Conv1d(channels_in, channels, kernel, stride, padding=kernel // 2), nn.BatchNorm1d(channels)
            )
        self.pool = nn.Identity() if pool == 1 else nn.MaxPool1d(pool)

    def forward(self, x: Tensor) -> Tensor:
        """Apply the block to (batch, channels_in, frames)."""
        y = self.bn2(self.conv2(torch.relu(self.bn1(self.conv1(x)))))
        z: Tensor = self.pool(torch.relu(self.excitation(y) + self.shortcut(x)))
        return z


def check_channels(channels: Sequence[int], layers: int) -> None:
    """Raise a ValueError unless these are numbers of channels for so many layers."""
    if len(channels) != layers or min(channels) < 1:
        raise ValueError(f"channels must be {layers} numbers above 0, not {channels}")


def use_keras_defaults(network: nn.Module) -> None:
    """Start as Keras and TensorFlow do: Glorot's uniform kernels, biases 0, running statistics that move by 0.01.

    For networks whose published code uses these libraries; their momentum of 0.99 is torch's 0.01.
    """
    for module in network.modules():
        if isinstance(module, nn.Conv1d | nn.Conv2d | nn.Linear):
            nn.init.xavier_uniform_(module.weight)
            if module.bias is not None:
                nn.init.zeros_(module.bias)
        elif isinstance(module, nn.BatchNorm1d | nn.BatchNorm2d):
            module.momentum = 0.01
