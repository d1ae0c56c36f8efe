"""Layers in channels-last layout for training on a CPU; each computes what its torch layer computes.

OneDNN prefers channels last: otherwise it reorders input and output of each convolution, and batch norm and pooling are
slow. On other devices, the layers call torch's.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from taggram.training.cpu.gradients import Convolution


def channels_last(x: Tensor) -> Tensor:
    """Copy a tensor to channels-last layout, also where one channel or 1x1 maps make both layouts valid.

    `Tensor.contiguous` leaves such a tensor as it is, and what follows would be channels first: with a spectrogram the
    largest part of the network.
    """
    return torch.empty_like(x, memory_format=torch.channels_last).copy_(x)


def is_plain(layer: nn.Conv1d | nn.Conv2d) -> bool:
    """Whether a convolution has no groups, no dilation and zero padding by numbers."""
    numbers = layer.padding_mode == "zeros" and not isinstance(layer.padding, str)
    return numbers and layer.groups == 1 and set(layer.dilation) == {1}


class CPUConv2d(nn.Conv2d):
    """Convolution with a channels-last output for one-channel inputs too, and gradients of `Convolution`."""

    gradients: frozenset[str]

    def forward(self, x: Tensor) -> Tensor:
        """Convolve."""
        if x.device.type != "cpu":
            return super().forward(x)
        if x.shape[1] == 1:
            x = channels_last(x)
        if not self.gradients:
            return super().forward(x)
        return _convolve(x, self.weight, self.bias, self.stride, self.padding, self.gradients)


class CPUConv1d(nn.Conv1d):
    """Convolution over time, as one over maps of height 1."""

    gradients: frozenset[str]

    def forward(self, x: Tensor) -> Tensor:
        """Convolve."""
        if x.device.type != "cpu":
            return super().forward(x)
        weight = channels_last(self.weight[:, :, None])
        stride, padding = (1, *self.stride), (0, *self.padding)
        return _convolve(x[:, :, None], weight, self.bias, stride, padding, self.gradients).squeeze(2)


class CPUBatchNorm1d(nn.BatchNorm1d):
    """Batch norm over time, as one over maps of height 1; torch's would copy to channels first."""

    def forward(self, x: Tensor) -> Tensor:
        """Normalize."""
        if x.ndim == 2 or x.device.type != "cpu":
            return super().forward(x)
        return super().forward(x[:, :, None]).squeeze(2)

    def _check_input_dim(self, input: Tensor) -> None:  # noqa: A002
        """Accept the additional dimension."""


class CPUMaxPool1d(nn.MaxPool1d):
    """Max-pooling over time that keeps the layout without gradients too; torch has another operation for that."""

    def forward(self, x: Tensor) -> Tensor:
        """Pool."""
        if x.device.type != "cpu" or self.return_indices:
            y: Tensor = super().forward(x)
            return y
        window = (self.kernel_size, self.stride, self.padding, self.dilation, self.ceil_mode)
        return torch.max_pool1d_with_indices(x, *window)[0]


def _convolve(
    x: Tensor,
    weight: Tensor,
    bias: Tensor | None,
    stride: tuple[int, ...],
    padding: str | tuple[int, ...],
    gradients: frozenset[str],
) -> Tensor:
    if torch.is_autocast_enabled("cpu"):  # an autograd function takes no part in autocast
        dtype = torch.get_autocast_dtype("cpu")
        x, weight, bias = x.to(dtype), weight.to(dtype), None if bias is None else bias.to(dtype)
    y: Tensor = Convolution.apply(x, weight, bias, stride, padding, gradients)  # type: ignore[no-untyped-call]
    return y
