"""Two-dimensional convolutions as a CPU likes them, for training; what they compute stays the same.

- They want the channels last: otherwise oneDNN reorders input and output of each, and batch norm and pooling are slow.
- The first one of most taggers sees the one channel of a spectrogram behind batch norm. For the two values that batch
  norm learns, autograd takes the gradient back to the whole spectrogram, and oneDNN is slow at that: with MusicNN's
  vertical filters it is the larger part of a step. As a matrix product it takes a quarter of the time or less.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn
from torch.nn import functional

if TYPE_CHECKING:
    from jaxtyping import Float


def prepare_convolutions(network: nn.Module) -> None:
    """Lay out the weights of a network's convolutions channels last, and speed up those that see one channel.

    Weights over one channel lie alike in both layouts, and `Tensor.contiguous` leaves them as they are. What follows
    that layer would then be channels first, and it is the largest part of the network.

    Parameters
    ----------
    network
        Its values and the names of its entries stay the same.
    """
    for module in network.modules():
        if isinstance(module, nn.Conv2d):
            laid_out = torch.empty_like(module.weight.data, memory_format=torch.channels_last)
            module.weight.data = laid_out.copy_(module.weight.data)
            plain = module.padding_mode == "zeros" and not isinstance(module.padding, str)
            if type(module) is nn.Conv2d and module.in_channels == 1 and module.dilation == (1, 1) and plain:
                module.__class__ = _OneChannelConv2d


class _OneChannelConv2d(nn.Conv2d):
    """A convolution over one channel whose gradient towards its input is quickly computed on a CPU."""

    def forward(self, x: Float[Tensor, "batch 1 height width"]) -> Float[Tensor, "batch channels h w"]:
        if x.device.type != "cpu" or not (x.requires_grad and torch.is_grad_enabled()):
            return super().forward(x)
        weight, bias = self.weight, self.bias
        if torch.is_autocast_enabled("cpu"):
            dtype = torch.get_autocast_dtype("cpu")
            x, weight, bias = x.to(dtype), weight.to(dtype), None if bias is None else bias.to(dtype)
        y: Tensor = _OneChannelConvolution.apply(x, weight, bias, self.stride, self.padding)  # type: ignore[no-untyped-call]
        return y


class _OneChannelConvolution(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any, x: Tensor, weight: Tensor, bias: Tensor | None, stride: tuple[int, ...], padding: tuple[int, ...]
    ) -> Tensor:
        ctx.save_for_backward(x, weight)
        ctx.stride, ctx.padding, ctx.has_bias = stride, padding, bias is not None
        return functional.conv2d(x, weight, bias, stride, padding)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        (gradient,), (x, weight) = gradients, ctx.saved_tensors
        layer = ([len(weight)], ctx.stride, ctx.padding, (1, 1), False, (0, 0), 1)
        wanted = (False, True, ctx.has_bias)
        _, to_weight, to_bias = torch.ops.aten.convolution_backward(gradient, x, weight, *layer, wanted)
        # What each place of a filter gives to the input, summed where the filter lay.
        places, size = weight.flatten(1).T, weight.shape[2:]
        exact = torch.promote_types(x.dtype, torch.float32)
        to_x = [
            functional.fold((places @ one.flatten(1)).to(exact), x.shape[2:], size, 1, ctx.padding, ctx.stride)
            for one in gradient
        ]
        return torch.stack(to_x).to(x.dtype), to_weight, to_bias, None, None
