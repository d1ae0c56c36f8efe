"""Batch norm and max-pooling in one: what it gives and learns is what the layers give and learn one by one."""

from __future__ import annotations

import copy
from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from taggram.models.norm_pool import norm_pool

MAP = torch.randn(3, 5, 9, 11, generator=torch.Generator().manual_seed(0)).contiguous(memory_format=torch.channels_last)


def learnt(x: Tensor, norm: nn.Module, compute: Callable[[Tensor], Tensor]) -> list[Tensor]:
    """The output, what the layers keep, and all gradients."""
    x = x.clone().requires_grad_()
    y = compute(x)
    assert x.grad is None
    y.backward(torch.randn(y.shape, generator=torch.Generator().manual_seed(1)).to(y.dtype))
    return [y, x.grad, *(parameter.grad for parameter in norm.parameters()), *norm.buffers()]


def both_ways(
    x: Tensor, pool: nn.Module, activation: Callable[[Tensor], Tensor] | None = None, rising: bool = True
) -> tuple[list[Tensor], list[Tensor]]:
    """The short way, which the layout of `x` asks for, and layer by layer."""
    torch.manual_seed(2)
    norm = (nn.BatchNorm1d if x.ndim == 3 else nn.BatchNorm2d)(x.shape[1]).to(x.dtype)
    nn.init.normal_(norm.weight)
    nn.init.normal_(norm.bias)
    if rising:
        norm.weight.data.abs_()
    else:
        assert 0 < (norm.weight < 0).sum() < len(norm.weight)
    other = copy.deepcopy(norm)
    act = activation or nn.Identity()
    return (
        learnt(x, norm, lambda x: norm_pool(x, norm, pool, activation)),
        learnt(x, other, lambda x: pool(act(other(x)))),
    )


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32], ids=["float64", "float32"])
@pytest.mark.parametrize("activation", [None, torch.relu, functional.elu], ids=["none", "ReLU", "ELU"])
@pytest.mark.parametrize("rising", [True, False], ids=["rising", "some falling"])
@pytest.mark.parametrize(
    "pool",
    [nn.MaxPool2d(2), nn.MaxPool2d((3, 2), stride=2, padding=(1, 0)), nn.MaxPool2d(2, dilation=2, ceil_mode=True)],
    ids=["side by side", "overlapping", "with gaps"],
)
def test_it_is_what_the_layers_compute(
    pool: nn.Module, rising: bool, activation: Callable[[Tensor], Tensor] | None, dtype: torch.dtype
) -> None:
    limit = {torch.float64: 1e-13, torch.float32: 1e-5}[dtype]
    for found, expected in zip(*both_ways(MAP.to(dtype), pool, activation, rising), strict=True):
        torch.testing.assert_close(found, expected, rtol=limit, atol=limit)


def test_over_time_too() -> None:
    x = torch.randn(3, 20, 5, dtype=torch.float64).transpose(1, 2)
    for found, expected in zip(*both_ways(x, nn.MaxPool1d(3), torch.relu), strict=True):
        torch.testing.assert_close(found, expected)


def test_in_bfloat16_statistics_and_parameters_stay_exact() -> None:
    norm = nn.BatchNorm2d(5)
    x = MAP.bfloat16()
    found = learnt(x, norm, lambda x: norm_pool(x, norm, nn.MaxPool2d(2), torch.relu))
    assert [value.dtype for value in found[:2]] == [torch.bfloat16] * 2
    exact = nn.BatchNorm2d(5).double()
    expected = learnt(x.double(), exact, lambda x: torch.relu(nn.MaxPool2d(2)(exact(x))))
    for value, other, limit in zip(found, expected, [2e-2, 2e-2, 1e-2, 1e-2, 1e-6, 1e-6, 0], strict=True):
        torch.testing.assert_close(value.double(), other.double(), rtol=limit, atol=limit)


def test_the_short_way_is_for_training_with_channels_last() -> None:
    norm, pool = nn.BatchNorm2d(5), nn.MaxPool2d(2)
    x = MAP.clone().requires_grad_()
    names = [norm_pool(y, norm, pool).grad_fn.name() for y in (x, x.contiguous())]
    names.append(norm_pool(x, norm.eval(), pool).grad_fn.name())
    names.append(norm_pool(x, nn.BatchNorm2d(5), nn.Identity()).grad_fn.name())
    assert [name == "_NormPoolBackward" for name in names] == [True, False, False, False]


def test_one_value_for_each_channel_is_an_error_as_ever() -> None:
    with pytest.raises(ValueError, match="more than 1 value"):
        norm_pool(torch.ones(1, 5, 1, 1), nn.BatchNorm2d(5), nn.MaxPool2d(1))
