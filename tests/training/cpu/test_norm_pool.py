"""Batch norm and max-pooling in one operation: outputs and gradients equal those of the separate layers."""

from __future__ import annotations

import copy
from collections.abc import Callable
from unittest import mock

import pytest
import torch
from torch import Tensor, nn

from taggram.training.cpu import optimize_for_cpu
from taggram.training.cpu.norm_pool import NormPoolSequential, norm_pool

MAP = torch.randn(3, 5, 9, 11, generator=torch.Generator().manual_seed(0)).contiguous(memory_format=torch.channels_last)


def outputs_and_gradients(x: Tensor, norm: nn.Module, compute: Callable[[Tensor], Tensor]) -> list[Tensor]:
    """The output, what the layers keep, and all gradients."""
    x = x.clone().requires_grad_()
    y = compute(x)
    assert x.grad is None
    y.backward(torch.randn(y.shape, generator=torch.Generator().manual_seed(1)).to(y.dtype))
    return [y, x.grad, *(parameter.grad for parameter in norm.parameters()), *norm.buffers()]


def in_one(norm: nn.Module, *rest: nn.Module) -> nn.Sequential:
    """The layers in sequence, computed in one operation where that is possible."""
    layers = nn.Sequential(norm, *rest)
    optimize_for_cpu(layers, ["norm_pool"])
    assert type(layers) is NormPoolSequential
    return layers


def both_ways(
    x: Tensor, pool: nn.Module, activation: nn.Module | None = None, rising: bool = True
) -> tuple[list[Tensor], list[Tensor]]:
    """In one operation, and layer by layer."""
    torch.manual_seed(2)
    norm = (nn.BatchNorm1d if x.ndim == 3 else nn.BatchNorm2d)(x.shape[1]).to(x.dtype)
    nn.init.normal_(norm.weight)
    nn.init.normal_(norm.bias)
    if rising:
        norm.weight.data.abs_()
    else:
        assert 0 < (norm.weight < 0).sum() < len(norm.weight)
    other = copy.deepcopy(norm)
    rest = [pool] if activation is None else [activation, pool]
    fused = in_one(norm, *rest)
    with mock.patch("taggram.training.cpu.norm_pool.norm_pool", wraps=norm_pool) as used:
        found = outputs_and_gradients(x, norm, fused)
    assert used.call_count == 1
    return found, outputs_and_gradients(x, other, nn.Sequential(other, *rest))


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32], ids=["float64", "float32"])
@pytest.mark.parametrize("activation", [None, nn.ReLU(), nn.ELU()], ids=["none", "ReLU", "ELU"])
@pytest.mark.parametrize("rising", [True, False], ids=["rising", "some falling"])
@pytest.mark.parametrize(
    "pool",
    [nn.MaxPool2d(2), nn.MaxPool2d((3, 2), stride=2, padding=(1, 0)), nn.MaxPool2d(2, dilation=2, ceil_mode=True)],
    ids=["side by side", "overlapping", "with gaps"],
)
def test_it_is_what_the_layers_compute(
    pool: nn.Module, rising: bool, activation: nn.Module | None, dtype: torch.dtype
) -> None:
    limit = {torch.float64: 1e-13, torch.float32: 1e-5}[dtype]
    for found, expected in zip(*both_ways(MAP.to(dtype), pool, activation, rising), strict=True):
        torch.testing.assert_close(found, expected, rtol=limit, atol=limit)


def test_over_time_too() -> None:
    x = torch.randn(3, 20, 5, dtype=torch.float64).transpose(1, 2)
    for found, expected in zip(*both_ways(x, nn.MaxPool1d(3), nn.ReLU()), strict=True):
        torch.testing.assert_close(found, expected)


def test_in_bfloat16_statistics_and_parameters_stay_exact() -> None:
    norm = nn.BatchNorm2d(5)
    x = MAP.bfloat16()
    found = outputs_and_gradients(x, norm, in_one(norm, nn.ReLU(), nn.MaxPool2d(2)))
    assert [value.dtype for value in found[:2]] == [torch.bfloat16] * 2
    exact = nn.BatchNorm2d(5).double()
    expected = outputs_and_gradients(x.double(), exact, lambda x: torch.relu(nn.MaxPool2d(2)(exact(x))))
    for value, other, limit in zip(found, expected, [2e-2, 2e-2, 1e-2, 1e-2, 1e-6, 1e-6, 0], strict=True):
        torch.testing.assert_close(value.double(), other.double(), rtol=limit, atol=limit)


def test_it_is_for_training_with_channels_last() -> None:
    layers = in_one(nn.BatchNorm2d(5), nn.MaxPool2d(2))
    x = MAP.clone().requires_grad_()
    names = [layers(y).grad_fn.name() for y in (x, x.contiguous())]
    names.append(layers.eval()(x).grad_fn.name())
    assert [name == "_NormPoolBackward" for name in names] == [True, False, False]


@pytest.mark.parametrize(
    "rest", [[nn.Identity()], [nn.Sigmoid(), nn.MaxPool2d(2)], [nn.AvgPool2d(2)]], ids=["none", "sigmoid", "mean"]
)
def test_other_layers_are_left_alone(rest: list[nn.Module]) -> None:
    layers = nn.Sequential(nn.BatchNorm2d(5), *rest)
    assert optimize_for_cpu(layers, ["norm_pool"]) == set()
    assert type(layers) is nn.Sequential


def test_layers_around_it_are_applied() -> None:
    torch.manual_seed(0)
    layers = nn.Sequential(nn.Conv2d(5, 4, 3), nn.BatchNorm2d(4), nn.ELU(), nn.MaxPool2d(2), nn.Flatten(), nn.Tanh())
    other = copy.deepcopy(layers)
    optimize_for_cpu(layers, ["norm_pool"])
    torch.testing.assert_close(layers(MAP), other(MAP), rtol=1e-5, atol=1e-5)


def test_one_value_for_each_channel_is_an_error_as_ever() -> None:
    with pytest.raises(ValueError, match="more than 1 value"):
        in_one(nn.BatchNorm2d(5), nn.MaxPool2d(1))(torch.ones(1, 5, 1, 1))
