"""The gradients of a two-dimensional convolution, faster on a CPU than oneDNN's where channels lie last.

- Towards the weights they are a product of two matrices: of the gradient, and of the patches that the filters saw. With
  channels last, a patch's rows are contiguous, so that patches are quickly gathered, and the product comes out as the
  weights lie. OneDNN's kernels for AVX2 take up to three times as long, which was half of a step of a VGG; where there
  is AVX-512 it has others, which are left to it.
- Towards the one channel of a spectrogram, which only the two values of the batch norm before it need, they are a
  product of matrices, too: with MusicNN's vertical filters oneDNN spent the larger part of a step on them.
"""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

AVX512 = torch.backends.cpu.get_cpu_capability() == "AVX512"
_CHUNK = 1 << 18  # values that are gathered at a time for each thread: they should stay in its cache


class Convolution(torch.autograd.Function):
    """`torch.nn.functional.conv2d` without groups and dilation."""

    @staticmethod
    def forward(
        ctx: Any, x: Tensor, weight: Tensor, bias: Tensor | None, stride: tuple[int, ...], padding: tuple[int, ...]
    ) -> Tensor:
        """Convolve."""
        ctx.save_for_backward(x, weight)
        ctx.stride, ctx.padding = stride, padding
        return functional.conv2d(x, weight, bias, stride, padding)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        """Compute the gradients that are needed."""
        (gradient,), (x, weight), layer = gradients, ctx.saved_tensors, (ctx.stride, ctx.padding)
        to_x, to_weight, to_bias = ctx.needs_input_grad[:3]
        return (
            _to_input(gradient, x, weight, *layer) if to_x else None,
            _to_weight(gradient, x, weight, *layer) if to_weight else None,
            gradient.sum((0, 2, 3)) if to_bias else None,
            None,
            None,
        )


def _to_input(gradient: Tensor, x: Tensor, weight: Tensor, stride: tuple[int, ...], padding: tuple[int, ...]) -> Tensor:
    if x.shape[1] > 1:
        return _torch(gradient, x, weight, stride, padding, wanted=0)
    # What each place of a filter gives to the input, summed where the filter lay.
    places, size = weight.flatten(1).T, weight.shape[2:]
    exact = torch.promote_types(x.dtype, torch.float32)
    to_x = [
        functional.fold((places @ one.flatten(1)).to(exact), x.shape[2:], size, 1, padding, stride) for one in gradient
    ]
    return torch.stack(to_x).to(x.dtype)


def _to_weight(
    gradient: Tensor, x: Tensor, weight: Tensor, stride: tuple[int, ...], padding: tuple[int, ...]
) -> Tensor:
    if AVX512 or x.dtype == torch.bfloat16:  # in bfloat16 a sum over chunks would be rounded once for each
        return _torch(gradient, x, weight, stride, padding, wanted=1)
    if gradient.shape[2] == 1:  # chunks are cut along the first of the two dimensions
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
    for some_x, some_gradients in zip(x.split(segments), gradient.permute(0, 2, 3, 1).split(segments), strict=True):
        patches = _patches(some_x, weight.shape[2:], stride, padding)
        for seen, given in zip(patches.split(rows, 1), some_gradients.split(rows, 1), strict=True):
            total.addmm_(seen.reshape(-1, filter_size).T, given.reshape(-1, channels))
    return total.view(*weight.shape[2:], -1, channels).permute(3, 2, 0, 1)


def _patches(x: Tensor, size: torch.Size, stride: tuple[int, ...], padding: tuple[int, ...]) -> Tensor:
    """View what each place of the output sees: batch x height x width x filter height x (filter width x channels)."""
    (down, across), (above, beside) = stride, padding
    x = functional.pad(x.permute(0, 2, 3, 1), (0, 0, beside, beside, above, above)).contiguous()
    batch, height, width, channels = x.shape
    line = width * channels
    return x.as_strided(
        (batch, (height - size[0]) // down + 1, (width - size[1]) // across + 1, size[0], size[1] * channels),
        (height * line, down * line, across * channels, line, 1),
    )


def _torch(
    gradient: Tensor, x: Tensor, weight: Tensor, stride: tuple[int, ...], padding: tuple[int, ...], wanted: int
) -> Tensor:
    """Compute torch's own gradient towards the input (0) or the weights (1)."""
    mask = [number == wanted for number in range(3)]
    layer = ([len(weight)], stride, padding, (1, 1), False, (0, 0), 1)
    found: Tensor = torch.ops.aten.convolution_backward(gradient, x, weight, *layer, mask)[wanted]
    return found
