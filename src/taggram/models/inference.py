"""Faster equivalents of layers for inference, applied to a finished network from outside."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional


def optimize_for_inference(network: nn.Module) -> None:
    """Replace layers by equivalents that are faster in evaluation mode; training mode computes as before.

    Parameters
    ----------
    network
        It is changed in place: layers get other classes. Values and names of entries stay the same.
    """
    for module in network.modules():
        if isinstance(module, nn.Sequential) and _first_of_pattern(list(module)) is not None:
            module.__class__ = _PoolFirst
        elif type(module) is nn.MaxPool2d:
            module.__class__ = _MaxPool2d


class _MaxPool2d(nn.MaxPool2d):
    """Max-pooling; over the whole height it is a maximum over an axis, which is faster."""

    def forward(self, x: Tensor) -> Tensor:
        if not self.training and self.kernel_size == (x.shape[2], 1):
            return x.amax(2, keepdim=True)
        y: Tensor = super().forward(x)
        return y


class _PoolFirst(nn.Sequential):
    """Layers in sequence; max-pooling comes before ReLU and batch norm instead of after them.

    With fixed statistics, batch norm is a linear function of each channel. With a positive weight it maps the maximum
    of a window to the maximum, with a negative one the minimum to the maximum; and the minimum of y is minus the
    maximum of -y, for which the filters change their sign. So only convolution and pooling compute on the whole map,
    and the result is exact.
    """

    def forward(self, x: Tensor) -> Tensor:
        layers = list(self)
        first = None if self.training else _first_of_pattern(layers)
        while layers:
            if first == 0:
                x, layers, first = _pool_first(x, *layers[:4]), layers[4:], None
            else:
                x, layers, first = layers[0](x), layers[1:], None if first is None else first - 1
        return x


def _pool_first(x: Tensor, conv: nn.Module, relu: nn.Module, norm: nn.Module, pool: nn.Module) -> Tensor:
    assert isinstance(conv, nn.Conv2d)
    assert isinstance(norm, nn.BatchNorm2d)
    sign = torch.where(norm.weight < 0, -1.0, 1.0)
    bias = None if conv.bias is None else conv.bias * sign
    weight = conv.weight * sign[:, None, None, None]
    y = functional.conv2d(x, weight, bias, conv.stride, conv.padding, conv.dilation, conv.groups)
    z: Tensor = norm(relu(pool(y) * sign[:, None, None]))
    return z


def _first_of_pattern(layers: list[nn.Module]) -> int | None:
    """Return the position of a convolution that ReLU, batch norm and max-pooling follow."""
    for first in range(len(layers)):
        match layers[first : first + 4]:
            case [nn.Conv2d(padding_mode="zeros"), nn.ReLU(), nn.BatchNorm2d(affine=True), nn.MaxPool2d()]:
                return first
    return None
