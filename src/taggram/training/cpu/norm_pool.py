"""Batch norm, activation and max-pooling in one operation for training on a CPU in channels-last layout.

Batch norm is a linear function for each channel, and ReLU and ELU are monotone. So the maximum of a window stays its
maximum (with a negative weight: its minimum), and only mean and variance need all values of the map. The gradient of
the map is linear in the map, plus the gradients at the maxima. The map, in most networks the largest there is, is read
three times and written once, instead of ten and five times layer by layer.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

_Window = tuple[Any, ...]


class NormPoolSequential(nn.Sequential):
    """Layers in sequence; batch norm, a monotone activation if any, and max-pooling are one operation in training."""

    def forward(self, x: Tensor) -> Tensor:
        """Apply the layers."""
        layers = list(self)
        while layers:
            depth = _depth(layers) if x.device.type == "cpu" and _is_channels_last(x) else 0
            if depth and layers[0].training:
                norm, *activation, pool = layers[:depth]
                x = norm_pool(x, norm, pool)
                layers = [*activation, *layers[depth:]]
            else:
                x = layers.pop(0)(x)
        return x


def has_norm_pool(layers: nn.Sequential) -> bool:
    """Whether a sequence has layers that `NormPoolSequential` computes in one operation."""
    plain = type(layers).forward in (nn.Sequential.forward, NormPoolSequential.forward)
    return plain and any(_depth(list(layers)[first:]) for first in range(len(layers)))


def _depth(layers: list[nn.Module]) -> int:
    """Return how many layers at the beginning are batch norm, a monotone activation if any, and max-pooling."""
    match layers:
        case [nn.BatchNorm1d() | nn.BatchNorm2d(), nn.MaxPool1d() | nn.MaxPool2d(), *_]:
            return 2
        case [nn.BatchNorm1d() | nn.BatchNorm2d(), nn.ReLU() | nn.ELU(), nn.MaxPool1d() | nn.MaxPool2d(), *_]:
            return 3
        case _:
            return 0


def _is_channels_last(x: Tensor) -> bool:
    """Whether a map is channels last, with more than one value per channel."""
    if x.ndim == 3:
        x = x[:, :, None]
    return x.ndim == 4 and x.is_contiguous(memory_format=torch.channels_last) and x.numel() > x.shape[1]


def norm_pool(x: Tensor, norm: nn.Module, pool: nn.Module) -> Tensor:
    """Compute ``pool(norm(x))`` in training.

    Parameters
    ----------
    x : (batch, channels, height, width) or (batch, channels, frames) float
        In channels-last layout.
    norm, pool
        Batch norm and max-pooling, over one or two dimensions.
    """
    assert isinstance(norm, nn.BatchNorm1d | nn.BatchNorm2d)
    assert isinstance(pool, nn.MaxPool1d | nn.MaxPool2d)
    assert norm.num_batches_tracked is not None
    norm.num_batches_tracked.add_(1)
    running = (norm.running_mean, norm.running_var, norm.momentum)
    over_time = isinstance(pool, nn.MaxPool1d)
    window: _Window = (pool.kernel_size, pool.stride, pool.padding, pool.dilation)
    if over_time:
        window = tuple(zip((1, 1, 0, 1), window, strict=True))
    window = (*window, pool.ceil_mode)
    maps = x[:, :, None] if over_time else x
    y: Tensor = _NormPool.apply(maps, norm.weight, norm.bias, running, norm.eps, window)  # type: ignore[no-untyped-call]
    return y.squeeze(2) if over_time else y


class _NormPool(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any, x: Tensor, weight: Tensor, bias: Tensor, running: tuple[Any, ...], eps: float, window: _Window
    ) -> Tensor:
        mean, var = torch.ops.aten.batch_norm_update_stats(x, *running)
        extreme, index = _extremes(x, weight < 0, window)
        ctx.save_for_backward(x, extreme, index, weight, mean, var)
        ctx.eps = eps
        return functional.batch_norm(extreme, mean, var, weight, bias, eps=eps)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        x, extreme, index, weight, mean, var = ctx.saved_tensors
        # First with constant mean and variance.
        extreme_gradient, weight_gradient, bias_gradient = torch.ops.aten.native_batch_norm_backward(
            gradients[0], extreme, weight, mean, var, None, None, False, ctx.eps, [True, True, True]
        )
        # Mean and variance depend on every value of the map: slope * x + offset, in one pass.
        scale, count = (var + ctx.eps).rsqrt(), x.numel() // x.shape[1]
        slope = -weight * scale.square() * weight_gradient / count
        offset = -weight * scale * bias_gradient / count - slope * mean
        x_gradient = functional.batch_norm(x, torch.zeros_like(mean), torch.ones_like(mean), slope, offset, eps=0.0)
        rows = x_gradient.permute(0, 2, 3, 1).view(len(x), -1, x.shape[1])
        rows.scatter_add_(1, _rows(index), _rows(extreme_gradient))
        return x_gradient, weight_gradient, bias_gradient, None, None, None


def _extremes(x: Tensor, negative: Tensor, window: _Window) -> tuple[Tensor, Tensor]:
    """Return maxima of windows and their indices; minima in channels with a negative weight."""
    extreme, index = functional.max_pool2d_with_indices(x, *window)
    if negative.any():
        minima, indices = functional.max_pool2d_with_indices(-x[:, negative], *window)
        extreme[:, negative], index[:, negative] = -minima, indices
    return extreme, index


def _rows(x: Tensor) -> Tensor:
    """Return (batch, channels, height, width) as (batch, height * width, channels)."""
    return x.permute(0, 2, 3, 1).flatten(1, 2)
