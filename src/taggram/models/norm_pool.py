"""Batch norm, an activation and max-pooling: in training on a CPU for little more than the price of the pooling.

Batch norm is a straight line for each channel, and the activations here never fall. So the largest value of a window
stays its largest (where the line falls, the smallest becomes it), and all but mean and variance is needed of the pooled
values only. Towards the map the gradient is a line, too, and the pooled values add what they got. In most networks
these maps are the largest there are: read three times and written once instead of ten and five times, layer by layer.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn
from torch.nn import functional

if TYPE_CHECKING:
    from jaxtyping import Float


def norm_pool(
    x: Float[Tensor, "batch channels *size"],
    norm: nn.Module,
    pool: nn.Module,
    activation: Callable[[Tensor], Tensor] | None = None,
) -> Float[Tensor, "batch channels *pooled"]:
    """Return ``pool(activation(norm(x)))``, computed the short way while it is learnt on a CPU with channels last.

    Parameters
    ----------
    x
        What a convolution gives.
    norm, pool
        Batch norm and max-pooling, or `torch.nn.Identity` where there is none.
    activation
        A function of single values that never falls, such as ReLU or ELU; None: none.
    """
    if (
        isinstance(norm, nn.BatchNorm1d | nn.BatchNorm2d)
        and isinstance(pool, nn.MaxPool1d | nn.MaxPool2d)
        and norm.training
        and x.device.type == "cpu"
        and _channels_lie_last(x)
    ):
        y = _norm_pool(x, norm, pool)
        return y if activation is None else activation(y)
    y = norm(x)
    pooled: Tensor = pool(y if activation is None else activation(y))
    return pooled


def _norm_pool(
    x: Tensor, norm: nn.BatchNorm1d | nn.BatchNorm2d, pool: nn.MaxPool1d | nn.MaxPool2d
) -> Float[Tensor, "batch channels *pooled"]:
    assert norm.num_batches_tracked is not None
    norm.num_batches_tracked.add_(1)
    running = (norm.running_mean, norm.running_var, norm.momentum)
    over_time = isinstance(pool, nn.MaxPool1d)
    window: tuple[Any, ...] = (pool.kernel_size, pool.stride, pool.padding, pool.dilation)
    if over_time:
        window = tuple(zip((1, 1, 0, 1), window, strict=True))
    window = (*window, pool.ceil_mode)
    in_space = x[:, :, None] if over_time else x
    y: Tensor = _NormPool.apply(in_space, norm.weight, norm.bias, running, norm.eps, window)  # type: ignore[no-untyped-call]
    return y.squeeze(2) if over_time else y


class _NormPool(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any, x: Tensor, weight: Tensor, bias: Tensor, running: tuple[Any, ...], eps: float, window: tuple[Any, ...]
    ) -> Tensor:
        mean, var = torch.ops.aten.batch_norm_update_stats(x, *running)
        best, where = _largest(x, weight < 0, window)
        ctx.save_for_backward(x, best, where, weight, mean, var)
        ctx.eps = eps
        return functional.batch_norm(best, mean, var, weight, bias, eps=eps)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        x, best, where, weight, mean, var = ctx.saved_tensors
        # With mean and variance as constants, first.
        to_best, to_weight, to_bias = torch.ops.aten.native_batch_norm_backward(
            gradients[0], best, weight, mean, var, None, None, False, ctx.eps, [True, True, True]
        )
        # They depend on every value of the map: slope * x + level, in one pass.
        scale, count = (var + ctx.eps).rsqrt(), x.numel() // x.shape[1]
        slope = -weight * scale.square() * to_weight / count
        level = -weight * scale * to_bias / count - slope * mean
        to_x = functional.batch_norm(x, torch.zeros_like(mean), torch.ones_like(mean), slope, level, eps=0.0)
        places = to_x.permute(0, 2, 3, 1).view(len(x), -1, x.shape[1])
        places.scatter_add_(1, _rows(where), _rows(to_best))
        return to_x, to_weight, to_bias, None, None, None


def _largest(x: Tensor, falling: Tensor, window: tuple[Any, ...]) -> tuple[Tensor, Tensor]:
    """Pool, and say where the values were; in channels whose line falls, those are the smallest."""
    best, where = functional.max_pool2d_with_indices(x, *window)
    if falling.any():
        smallest, places = functional.max_pool2d_with_indices(-x[:, falling], *window)
        best[:, falling], where[:, falling] = -smallest, places
    return best, where


def _rows(x: Float[Tensor, "batch channels height width"]) -> Float[Tensor, "batch places channels"]:
    return x.permute(0, 2, 3, 1).flatten(1, 2)


def _channels_lie_last(x: Tensor) -> bool:
    in_space = x if x.ndim == 4 else x[:, :, None]
    return in_space.is_contiguous(memory_format=torch.channels_last) and x.numel() > x.shape[1]
