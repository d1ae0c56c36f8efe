"""Gradients of a two-dimensional convolution in channels-last layout, as matrix products.

- Of the weights (``weight_grad``): the product of the output's gradient and the input patches. In channels-last layout
  the rows of a patch are contiguous, so that patches are quickly gathered, and the result has the weights' layout.
  OneDNN's kernels for AVX2 take up to three times as long, which was half of a step of a VGG.
- Of a one-channel input (``spectrogram_grad``), which only the batch norm before it needs: in oneDNN this took more
  than half of a step of MusicNN, whose filters are tall.
"""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

_CHUNK = 1 << 18  # values gathered at a time per thread: they should stay in its cache


class Convolution(torch.autograd.Function):
    """`torch.nn.functional.conv2d` without groups and dilation, with the selected custom gradients."""

    @staticmethod
    def forward(
        ctx: Any,
        x: Tensor,
        weight: Tensor,
        bias: Tensor | None,
        stride: tuple[int, ...],
        padding: tuple[int, ...],
        gradients: frozenset[str],
    ) -> Tensor:
        """Convolve."""
        ctx.save_for_backward(x, weight)
        ctx.stride, ctx.padding, ctx.gradients = stride, padding, gradients
        return functional.conv2d(x, weight, bias, stride, padding)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        """Compute the gradients that are needed."""
        (gradient,), (x, weight), layer = gradients, ctx.saved_tensors, (ctx.stride, ctx.padding)
        x_needed, weight_needed, bias_needed = ctx.needs_input_grad[:3]
        x_gradient = weight_gradient = None
        if x_needed:
            own = "spectrogram_grad" in ctx.gradients and x.shape[1] == 1
            x_gradient = (_of_spectrogram if own else _of_input)(gradient, x, weight, *layer)
        if weight_needed:
            # In bfloat16 the sum over chunks would be rounded once for each.
            own = "weight_grad" in ctx.gradients and x.dtype != torch.bfloat16
            weight_gradient = (_of_weight_by_chunks if own else _of_weight)(gradient, x, weight, *layer)
        return x_gradient, weight_gradient, gradient.sum((0, 2, 3)) if bias_needed else None, None, None, None


def _of_spectrogram(
    gradient: Tensor, x: Tensor, weight: Tensor, stride: tuple[int, ...], padding: tuple[int, ...]
) -> Tensor:
    """Multiply with the filters, and sum up where they overlap."""
    filters, size = weight.flatten(1).T, weight.shape[2:]
    exact = torch.promote_types(x.dtype, torch.float32)
    segments = [
        functional.fold((filters @ one.flatten(1)).to(exact), x.shape[2:], size, 1, padding, stride) for one in gradient
    ]
    return torch.stack(segments).to(x.dtype)


def _of_weight_by_chunks(
    gradient: Tensor, x: Tensor, weight: Tensor, stride: tuple[int, ...], padding: tuple[int, ...]
) -> Tensor:
    if gradient.shape[2] == 1:  # chunks are cut along the height
        gradient, x, weight = gradient.transpose(2, 3), x.transpose(2, 3), weight.transpose(2, 3)
        return _sum_over_chunks(gradient, x, weight, stride[::-1], padding[::-1]).transpose(2, 3)
    return _sum_over_chunks(gradient, x, weight, stride, padding)


def _sum_over_chunks(
    gradient: Tensor, x: Tensor, weight: Tensor, stride: tuple[int, ...], padding: tuple[int, ...]
) -> Tensor:
    channels, filter_size = len(weight), weight[0].numel()
    height, width = gradient.shape[2:]
    whole, chunk = height * width * (channels + filter_size), _CHUNK * torch.get_num_threads()
    segments, rows = max(1, chunk // whole), math.ceil(height / max(1, round(whole / chunk)))
    total = x.new_zeros(filter_size, channels)
    for x_chunk, gradient_chunk in zip(x.split(segments), gradient.permute(0, 2, 3, 1).split(segments), strict=True):
        patches = _patches(x_chunk, weight.shape[2:], stride, padding)
        for patch_rows, gradient_rows in zip(patches.split(rows, 1), gradient_chunk.split(rows, 1), strict=True):
            total.addmm_(patch_rows.reshape(-1, filter_size).T, gradient_rows.reshape(-1, channels))
    return total.view(*weight.shape[2:], -1, channels).permute(3, 2, 0, 1)


def _patches(x: Tensor, size: torch.Size, stride: tuple[int, ...], padding: tuple[int, ...]) -> Tensor:
    """View the input patch of each output: (batch, height, width, filter height, filter width x channels)."""
    (down, across), (above, beside) = stride, padding
    x = functional.pad(x.permute(0, 2, 3, 1), (0, 0, beside, beside, above, above)).contiguous()
    batch, height, width, channels = x.shape
    line = width * channels
    return x.as_strided(
        (batch, (height - size[0]) // down + 1, (width - size[1]) // across + 1, size[0], size[1] * channels),
        (height * line, down * line, across * channels, line, 1),
    )


def _of_input(gradient: Tensor, x: Tensor, weight: Tensor, stride: tuple[int, ...], padding: tuple[int, ...]) -> Tensor:
    return _by_torch(gradient, x, weight, stride, padding, 0)


def _of_weight(
    gradient: Tensor, x: Tensor, weight: Tensor, stride: tuple[int, ...], padding: tuple[int, ...]
) -> Tensor:
    return _by_torch(gradient, x, weight, stride, padding, 1)


def _by_torch(
    gradient: Tensor, x: Tensor, weight: Tensor, stride: tuple[int, ...], padding: tuple[int, ...], output: int
) -> Tensor:
    mask = [number == output for number in range(3)]
    layer = ([len(weight)], stride, padding, (1, 1), False, (0, 0), 1)
    gradients: tuple[Tensor, ...] = torch.ops.aten.convolution_backward(gradient, x, weight, *layer, mask)
    return gradients[output]
