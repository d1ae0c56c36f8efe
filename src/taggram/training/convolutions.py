"""Convolutions as a CPU likes them, for training; what they compute stays the same.

They want the channels last: otherwise oneDNN reorders input and output of each, and batch norm and pooling are slow.
Without AVX-512 that goes for convolutions over time as well, which torch would do channels first. What then takes
longest are the gradients, for which see `gradients.py`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from taggram.models.blocks import gradient_channels_last
from taggram.training.gradients import AVX512, Convolution

if TYPE_CHECKING:
    from jaxtyping import Float


def prepare_convolutions(network: nn.Module) -> None:
    """Lay out the weights of a network's convolutions channels last, and speed up its layers on a CPU.

    Weights over one channel lie alike in both layouts, and `Tensor.contiguous` leaves them as they are. What follows
    that layer would then be channels first, and it is the largest part of the network.

    Parameters
    ----------
    network
        Its values and the names of its entries stay the same.
    """
    for module in network.modules():
        if isinstance(module, nn.Conv2d):
            module.weight.data = _channels_last(module.weight.data)
        sees_spectrogram = isinstance(module, nn.Conv2d) and module.in_channels == 1
        if _is_plain(module) and (not AVX512 or sees_spectrogram or isinstance(module, nn.MaxPool2d | nn.AvgPool2d)):
            module.__class__ = _FASTER.get(type(module), type(module))


class _Conv2d(nn.Conv2d):
    def forward(self, x: Float[Tensor, "batch in height width"]) -> Float[Tensor, "batch out h w"]:
        if x.device.type != "cpu":
            return super().forward(x)
        assert not isinstance(self.padding, str)
        if x.shape[1] == 1:  # both layouts at once; that of a 1 x 1 filter says nothing, either
            x = _channels_last(x)
        return _convolve(x, self.weight, self.bias, self.stride, self.padding)


class _Conv1d(nn.Conv1d):
    def forward(self, x: Float[Tensor, "batch in time"]) -> Float[Tensor, "batch out t"]:
        if x.device.type != "cpu":
            return super().forward(x)
        assert not isinstance(self.padding, str)
        weight = _channels_last(self.weight[:, :, None])
        return _convolve(x[:, :, None], weight, self.bias, (1, *self.stride), (0, *self.padding)).squeeze(2)


class _BatchNorm1d(nn.BatchNorm1d):
    """Batch norm that sees the layout of what comes from a convolution over time."""

    def forward(self, x: Tensor) -> Tensor:
        if x.ndim == 2 or x.device.type != "cpu":
            return super().forward(x)
        return super().forward(x[:, :, None]).squeeze(2)

    def _check_input_dim(self, input: Tensor) -> None:  # noqa: A002
        """Take what has one more dimension."""


class _Pool(nn.Module):
    """Pooling whose gradient has channels last where its input has, whatever follows."""

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = super().forward(x)
        return gradient_channels_last(y) if y.is_contiguous(memory_format=torch.channels_last) else y


class _MaxPool2d(_Pool, nn.MaxPool2d):
    pass


class _AvgPool2d(_Pool, nn.AvgPool2d):
    pass


class _MaxPool1d(nn.MaxPool1d):
    """Max-pooling that keeps the layout where nothing is learnt, too; torch has another one for that."""

    def forward(self, x: Float[Tensor, "batch channels time"]) -> Tensor:
        if x.device.type != "cpu" or self.return_indices:
            y: Tensor = super().forward(x)
            return y
        where = (self.kernel_size, self.stride, self.padding, self.dilation, self.ceil_mode)
        return torch.max_pool1d_with_indices(x, *where)[0]


_FASTER: dict[type[nn.Module], type[nn.Module]] = {
    nn.Conv1d: _Conv1d,
    nn.Conv2d: _Conv2d,
    nn.BatchNorm1d: _BatchNorm1d,
    nn.MaxPool2d: _MaxPool2d,
    nn.AvgPool2d: _AvgPool2d,
    nn.MaxPool1d: _MaxPool1d,
}


def _is_plain(layer: nn.Module) -> bool:
    if not isinstance(layer, nn.Conv1d | nn.Conv2d):
        return True
    numbers = layer.padding_mode == "zeros" and not isinstance(layer.padding, str)
    return numbers and layer.groups == 1 and set(layer.dilation) == {1}


def _convolve(
    x: Tensor, weight: Tensor, bias: Tensor | None, stride: tuple[int, ...], padding: tuple[int, ...]
) -> Tensor:
    if torch.is_autocast_enabled("cpu"):
        dtype = torch.get_autocast_dtype("cpu")
        x, weight, bias = x.to(dtype), weight.to(dtype), None if bias is None else bias.to(dtype)
    y: Tensor = Convolution.apply(x, weight, bias, stride, padding)  # type: ignore[no-untyped-call]
    return y


def _channels_last(x: Tensor) -> Tensor:
    return torch.empty_like(x, memory_format=torch.channels_last).copy_(x)
