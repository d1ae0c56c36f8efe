"""What a network's convolutions see: how much of the segment one point of their last map depends on."""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.modules.batchnorm import _BatchNorm
from torch.overrides import TorchFunctionMode

from taggram.features import RawFrontEnd

if TYPE_CHECKING:
    from taggram.models.network import Network


@dataclass(frozen=True)
class ReceptiveField:
    """What the middle of the last map of convolutions and pooling sees.

    Whatever comes after that map, such as pooling over all of it, recurrence, attention or dense layers, sees all of
    it, and so the whole segment but for what strides and pools leave over at its end.

    Attributes
    ----------
    seconds
        From the first to the last sample of all frames that count; at most the segment.
    bands
        Mel bands (or pitches) from the lowest to the highest one that counts; None for a network on the waveform.
    """

    seconds: float
    bands: int | None


@torch.enable_grad()
def receptive_field(network: Network) -> ReceptiveField:
    """Find out what a network's convolutions see, by the gradient of one point of their last map.

    In a copy all weights of a layer are alike and positive, and averages stand in for maxima. Then the gradient is
    above 0 wherever the point depends on what the network sees, and 0 elsewhere. Where branches end side by side, the
    one that sees most counts.

    Parameters
    ----------
    network
        It stays as it is.
    """
    copied = copy.deepcopy(network).eval().requires_grad_(False)
    for module in copied.modules():
        _even_out(module)
    samples, front_end = network.segments.samples, network.front_end
    seen = torch.ones_like(copied.features(torch.zeros(1, samples)), requires_grad=True)
    with _Maps() as maps:
        copied.embed(seen)
    frames, bands, ends = 1, 1, maps.found
    while ends:
        *ends, last = ends
        middle = last[(0, slice(None), *(size // 2 for size in last.shape[2:]))].sum()
        gradient, *before = torch.autograd.grad(middle, [seen, *ends], retain_graph=True, allow_unused=True)
        ends = [one for one, seen_by_last in zip(ends, before, strict=True) if seen_by_last is None]
        frames, bands = max(frames, _extent(gradient, -1)), max(bands, _extent(gradient, -2))
    if isinstance(front_end, RawFrontEnd):
        return ReceptiveField(frames / front_end.sample_rate, None)
    reach = samples if frames == seen.shape[-1] else (frames - 1) * front_end.hop + front_end.n_fft
    return ReceptiveField(min(reach, samples) / front_end.sample_rate, bands)


def _even_out(module: nn.Module) -> None:
    """Let a layer put out averages of what it sees, and batch norm what it sees."""
    for name, parameter in module.named_parameters(recurse=False):
        parameter.fill_(0.0 if "bias" in name else 1.0 / (parameter[0].numel() if parameter.ndim > 1 else 1))
    if isinstance(module, _BatchNorm):
        module.reset_running_stats()


def _extent(gradient: Tensor, axis: int) -> int:
    """Count the positions along an axis from the first to the last one with a gradient."""
    positions = gradient.transpose(0, axis).flatten(1).any(1).nonzero()
    return int(positions.max() - positions.min()) + 1


class _Maps(TorchFunctionMode):
    """Takes averages for maxima, and notes what convolutions and pooling put out, one after another."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[Tensor] = []

    def __torch_function__(
        self, func: Callable[..., Any], types: Sequence[type], args: Sequence[Any] = (), kwargs: Any = None
    ) -> Any:
        name = func.__name__
        result = _AVERAGES.get(name, func)(*args, **kwargs or {})
        if name.startswith(("conv", "max_pool", "avg_pool")):
            self.found.append(result)
        return result


def _averaged(pool: Callable[..., Tensor]) -> Callable[..., Tensor]:
    """Make average pooling take the arguments of max-pooling; padding with minus infinity counts as padding with 0."""

    def average(x: Tensor, size: Any, stride: Any = None, padding: Any = 0, *_: Any, **options: Any) -> Tensor:
        return pool(functional.relu(x), size, stride, padding, options.get("ceil_mode", False))

    return average


_AVERAGES: dict[str, Callable[..., Any]] = {
    "amax": torch.mean,
    "max_pool1d": _averaged(functional.avg_pool1d),
    "max_pool2d": _averaged(functional.avg_pool2d),
}
