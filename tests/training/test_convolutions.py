"""Convolutions prepared for training compute what they did before; how fast, a benchmark says."""

from __future__ import annotations

import copy

import pytest
import torch
from torch import Tensor, nn

import taggram
from taggram.training.convolutions import prepare_convolutions
from taggram.training.session import Trained


def step(module: nn.Module, x: Tensor, bf16: bool = False) -> dict[str, Tensor]:
    """The output of a layer and all gradients, for the same gradient of the output."""
    x = x.clone().requires_grad_()
    with torch.autocast("cpu", torch.bfloat16, enabled=bf16):
        y = module(x)
    y.backward(torch.randn(y.shape, generator=torch.Generator().manual_seed(1)).to(y.dtype))
    found = {name: parameter.grad for name, parameter in module.named_parameters()}
    return {"output": y, "input": x.grad, **found}


def test_the_layout_changes_and_no_value() -> None:
    network = nn.Sequential(nn.Conv2d(3, 4, 3), nn.Conv1d(3, 4, 3), nn.Conv2d(1, 4, 3))
    before = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    prepare_convolutions(network)
    assert network[0].weight.is_contiguous(memory_format=torch.channels_last)
    assert not network[0].weight.is_contiguous()
    assert network[1].weight.is_contiguous()
    assert network[2](torch.zeros(2, 1, 9, 9)).is_contiguous(memory_format=torch.channels_last)
    assert list(before) == list(network.state_dict())
    assert all(torch.equal(before[name], tensor) for name, tensor in network.state_dict().items())


@pytest.mark.parametrize("bf16", [False, True], ids=["float32", "bfloat16"])
@pytest.mark.parametrize("bias", [True, False], ids=["bias", "no bias"])
@pytest.mark.parametrize(
    ("kernel", "stride", "padding"),
    [((3, 3), 1, 1), ((30, 7), 1, (0, 3)), ((5, 5), 2, 2), ((3, 3), 3, 0), ((2, 4), (1, 2), (1, 0)), ((1, 1), 1, 0)],
)
def test_gradients_over_one_channel_are_those_of_torch(
    kernel: tuple[int, int], stride: int, padding: int, bias: bool, bf16: bool
) -> None:
    torch.manual_seed(0)
    plain = nn.Conv2d(1, 6, kernel, stride, padding, bias=bias)
    prepared = copy.deepcopy(plain)
    prepare_convolutions(prepared)
    assert type(prepared) is not nn.Conv2d
    x = torch.randn(3, 1, 44, 25)
    expected, found = step(plain, x, bf16), step(prepared, x, bf16)
    assert list(expected) == list(found)
    for name, tensor in expected.items():
        assert found[name].dtype == tensor.dtype, name
        limit = (1e-2 if bf16 else 1e-5) * tensor.detach().float().abs().max().item()
        torch.testing.assert_close(found[name].float(), tensor.float(), atol=limit, rtol=0, msg=name)


def test_what_the_shortcut_does_not_know_is_left_alone() -> None:
    layers = [
        nn.Conv2d(1, 2, 3, dilation=2),
        nn.Conv2d(1, 2, 3, padding="same"),
        nn.Conv2d(1, 2, 3, padding=1, padding_mode="reflect"),
        nn.Conv2d(3, 2, 3),
    ]
    prepare_convolutions(nn.Sequential(*layers))
    assert {type(layer) for layer in layers} == {nn.Conv2d}


@pytest.mark.parametrize("name", ["musicnn", "musicnn_pons", "small_vgg", "choi_cnn"])
def test_a_network_gets_the_gradients_it_got_before(name: str) -> None:
    torch.manual_seed(0)
    plain = taggram.create_model(name, ["loud", "quiet"]).double()  # rounding moves maxima, and their gradients
    prepared = copy.deepcopy(plain)
    prepare_convolutions(prepared)
    waveform = 0.1 * torch.randn(3, plain.segments.samples, dtype=torch.float64)
    for network in (plain, prepared):
        torch.manual_seed(1)  # the same units are dropped
        Trained(network)(waveform)[0].square().sum().backward()
    for (entry, expected), found in zip(plain.named_parameters(), prepared.parameters(), strict=True):
        torch.testing.assert_close(found.grad, expected.grad, rtol=1e-6, atol=1e-9, msg=entry)
