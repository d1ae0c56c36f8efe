"""Receptive field of a network: the part of a segment that one point of its last map depends on."""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.modules.batchnorm import _BatchNorm
from torch.overrides import TorchFunctionMode

from taggram.features import RawFrontEnd
from taggram.models.network import Network


@dataclass(frozen=True)
class ReceptiveField:
    """Receptive field of the middle point of the last map of convolutions and pooling.

    The layers after that map (pooling over all of it, recurrence, attention, dense layers) depend on all of it, and so
    on the whole segment but for the remainder that strides and pools leave at its end.

    Attributes
    ----------
    seconds
        From the first to the last sample of the frames that the point depends on; at most the segment.
    bands
        Mel bands (or pitches) from the lowest to the highest one that it depends on; None for a network on the
        waveform.
    """

    seconds: float
    bands: int | None


@torch.enable_grad()
def receptive_field(network: Network) -> ReceptiveField:
    """Compute the receptive field of a network by the gradient of one point of its last map.

    In a copy, all weights of a layer are equal and positive, and averages replace maxima. Then the gradient is positive
    wherever the point depends on the input, and 0 elsewhere. With parallel branches, the largest field counts.

    Parameters
    ----------
    network
        It is not changed.
    """
    copied = copy.deepcopy(network).eval().requires_grad_(False)
    for module in copied.modules():
        _equalise(module)
    samples, front_end = network.segments.samples, network.front_end
    features = torch.ones_like(copied.features(torch.zeros(1, samples)), requires_grad=True)
    with _Maps() as recorder:
        copied.embed(features)
    frames, bands, ends = 1, 1, recorder.maps
    while ends:
        *ends, last = ends
        middle = last[(0, slice(None), *(size // 2 for size in last.shape[2:]))].sum()
        gradient, *before = torch.autograd.grad(middle, [features, *ends], retain_graph=True, allow_unused=True)
        ends = [one for one, part_of_last in zip(ends, before, strict=True) if part_of_last is None]
        frames, bands = max(frames, _extent(gradient, -1)), max(bands, _extent(gradient, -2))
    if isinstance(front_end, RawFrontEnd):
        return ReceptiveField(frames / front_end.sample_rate, None)
    reach = samples if frames == features.shape[-1] else (frames - 1) * front_end.hop + front_end.frame_length
    return ReceptiveField(min(reach, samples) / front_end.sample_rate, bands)


def _equalise(module: nn.Module) -> None:
    """Make a layer compute averages of its input, and batch norm the identity."""
    for name, parameter in module.named_parameters(recurse=False):
        parameter.fill_(0.0 if "bias" in name else 1.0 / (parameter[0].numel() if parameter.ndim > 1 else 1))
    if isinstance(module, _BatchNorm):
        module.reset_running_stats()


def _extent(gradient: Tensor, axis: int) -> int:
    """Count the positions along an axis from the first to the last one with a gradient."""
    positions = gradient.transpose(0, axis).flatten(1).any(1).nonzero()
    return int(positions.max() - positions.min()) + 1


class _Maps(TorchFunctionMode):
    """Replaces maxima by averages, and records the outputs of convolutions and pooling in order."""

    def __init__(self) -> None:
        super().__init__()
        self.maps: list[Tensor] = []

    def __torch_function__(
        self, func: Callable[..., Any], types: Sequence[type], args: Sequence[Any] = (), kwargs: Any = None
    ) -> Any:
        name = func.__name__
        result = _AVERAGES.get(name, func)(*args, **kwargs or {})
        if name.startswith(("conv", "max_pool", "avg_pool")):
            self.maps.append(result)
        return result


def _averaged(pool: Callable[..., Tensor]) -> Callable[..., Tensor]:
    """Give average pooling the signature of max-pooling; padding with minus infinity counts as padding with 0."""

    def average(x: Tensor, size: Any, stride: Any = None, padding: Any = 0, *_: Any, **options: Any) -> Tensor:
        return pool(functional.relu(x), size, stride, padding, options.get("ceil_mode", False))

    return average


_AVERAGES: dict[str, Callable[..., Any]] = {
    "amax": torch.mean,
    "max_pool1d": _averaged(functional.avg_pool1d),
    "max_pool2d": _averaged(functional.avg_pool2d),
}
