"""Replace the layers of a network by ones that train faster on a CPU."""

from __future__ import annotations

from collections.abc import Collection

import torch
from torch import nn

from taggram.training.cpu import layers
from taggram.training.cpu.norm_pool import NormPoolSequential, has_norm_pool

KERNELS = ("conv1d", "weight_grad", "spectrogram_grad", "norm_pool")
AVX512 = torch.backends.cpu.get_cpu_capability() == "AVX512"
DEFAULT_KERNELS = tuple(kernel for kernel in KERNELS if not (AVX512 and kernel in ("conv1d", "weight_grad")))

_OVER_TIME: dict[type[nn.Module], type[nn.Module]] = {
    nn.BatchNorm1d: layers.CPUBatchNorm1d,
    nn.MaxPool1d: layers.CPUMaxPool1d,
}


def optimize_for_cpu(network: nn.Module, kernels: Collection[str] = DEFAULT_KERNELS) -> set[str]:
    """Lay out the convolutions of a network channels last, and replace layers by faster ones.

    Parameters
    ----------
    network
        It is changed in place: layers get other classes, and weights another layout in memory. Values, names of
        entries and results stay the same, and so does what layers do on other devices.
    kernels
        - ``"conv1d"``: convolution, batch norm and max-pooling over time in channels-last layout. By default without
          AVX-512 only: with it, torch is as fast channels first.
        - ``"weight_grad"``: gradients of weights as one matrix product, see `taggram.training.cpu.gradients`. By
          default without AVX-512 only: with it, oneDNN is faster.
        - ``"spectrogram_grad"``: gradients of one-channel inputs as one matrix product.
        - ``"norm_pool"``: batch norm, activation and max-pooling in one operation, see
          `taggram.training.cpu.norm_pool`.

    Returns
    -------
    set of str
        The kernels that apply to this network.

    Raises
    ------
    ValueError
        For an unknown kernel.
    """
    if unknown := set(kernels).difference(KERNELS):
        raise ValueError(f"no kernel is named {min(unknown)!r}; there are: {', '.join(KERNELS)}")
    if not any(isinstance(module, nn.Conv1d) for module in network.modules()):
        kernels = set(kernels) - {"conv1d"}  # batch norm after a dense layer does not need it
    applied: set[str] = set()
    for module in network.modules():
        if isinstance(module, nn.Conv1d | nn.Conv2d):
            applied |= _replace_convolution(module, kernels)
        elif "norm_pool" in kernels and isinstance(module, nn.Sequential) and has_norm_pool(module):
            module.__class__ = NormPoolSequential
            applied.add("norm_pool")
        elif "conv1d" in kernels and (replacement := _OVER_TIME.get(type(module))):
            module.__class__ = replacement
            applied.add("conv1d")
    return applied


def _replace_convolution(layer: nn.Conv1d | nn.Conv2d, kernels: Collection[str]) -> set[str]:
    """Replace a convolution if a kernel applies to it; returns those that do."""
    if isinstance(layer, nn.Conv2d):
        layer.weight.data = layers.channels_last(layer.weight.data)
    if not layers.is_plain(layer):
        return set()
    gradients = {"weight_grad", *(["spectrogram_grad"] if layer.in_channels == 1 else [])}.intersection(kernels)
    if isinstance(layer, nn.Conv1d):
        if "conv1d" not in kernels:
            return set()
        layer.__class__ = layers.CPUConv1d
    elif gradients or layer.in_channels == 1:
        layer.__class__ = layers.CPUConv2d
    else:
        return set()
    assert isinstance(layer, layers.CPUConv1d | layers.CPUConv2d)
    layer.gradients = frozenset(gradients)
    return {"conv1d", *gradients} if isinstance(layer, nn.Conv1d) else gradients
