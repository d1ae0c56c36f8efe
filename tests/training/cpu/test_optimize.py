"""Networks optimised for training on a CPU compute what they did before; benchmarks measure how fast."""

from __future__ import annotations

import copy

import pytest
import torch
from torch import Tensor, nn

import taggram
from taggram.models.blocks import ConvBlock1d, ExcitationBlock1d
from taggram.training.cpu import KERNELS, optimize_for_cpu
from taggram.training.loop.module import TrainingModule


def step(module: nn.Module, x: Tensor, bf16: bool = False) -> dict[str, Tensor]:
    """The output of a layer and all gradients, for the same gradient of the output."""
    x = x.clone().requires_grad_()
    with torch.autocast("cpu", torch.bfloat16, enabled=bf16):
        y = module(x)
    y.backward(torch.randn(y.shape, generator=torch.Generator().manual_seed(1)).to(y.dtype))
    found = {name: parameter.grad for name, parameter in module.named_parameters()}
    return {"output": y, "input": x.grad, **found}


def assert_alike(module: nn.Module, x: Tensor, bf16: bool = False, kernels: tuple[str, ...] = KERNELS) -> nn.Module:
    """Compare what a module computes after `optimize_for_cpu` with what it computed before in float64."""
    prepared = copy.deepcopy(module)
    optimize_for_cpu(prepared, kernels)
    expected = step(copy.deepcopy(module).double(), x.double())
    plain, found = step(copy.deepcopy(module), x, bf16), step(prepared, x, bf16)
    assert list(expected) == list(found)
    for name, tensor in expected.items():
        assert found[name].dtype == plain[name].dtype, name
        limit = (3e-2 if bf16 else 1e-5) * tensor.abs().max().item()
        torch.testing.assert_close(found[name].double(), tensor, atol=limit, rtol=0, msg=name)
    return prepared


def test_each_kernel_replaces_its_layers_only() -> None:
    def network() -> nn.Sequential:
        maps = nn.Sequential(nn.Conv2d(1, 4, 3), nn.Conv2d(4, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.MaxPool2d((9, 1)))
        over_time = nn.Sequential(nn.Conv1d(4, 4, 3), nn.BatchNorm1d(4), nn.MaxPool1d(2))
        return nn.Sequential(maps, nn.Flatten(1, 2), over_time)

    def changed(*kernels: str) -> set[str]:
        prepared = network()
        assert optimize_for_cpu(prepared, kernels) == set(kernels)
        pairs = zip(network().named_modules(), prepared.modules(), strict=True)
        return {name for (name, plain), module in pairs if type(plain) is not type(module)}

    spectrogram = {"0.0"}  # the first convolution's output is channels last in any case
    assert changed() == spectrogram
    assert changed("spectrogram_grad") == spectrogram
    assert changed("weight_grad") == {"0.0", "0.1"}
    assert changed("conv1d") == spectrogram | {"2.0", "2.1", "2.2"}
    assert changed("norm_pool") == spectrogram | {"0", "2"}
    with pytest.raises(ValueError, match="no kernel is named 'fft'; there are: conv1d, "):
        optimize_for_cpu(network(), ["fft"])


@pytest.mark.parametrize("name", taggram.list_architectures())
def test_every_architecture_keeps_the_names_of_its_entries(name: str) -> None:
    network = taggram.create_model(name, ["loud", "quiet"])
    names = list(network.state_dict())
    optimize_for_cpu(network, KERNELS)
    assert list(network.state_dict()) == names


def test_the_layout_changes_and_no_value() -> None:
    network = nn.Sequential(nn.Conv2d(3, 4, 3), nn.Conv1d(3, 4, 3), nn.Conv2d(1, 4, 3))
    before = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    optimize_for_cpu(network, KERNELS)
    assert network[0].weight.is_contiguous(memory_format=torch.channels_last)
    assert not network[0].weight.is_contiguous()
    assert network[1].weight.is_contiguous()
    assert network[2](torch.zeros(2, 1, 9, 9)).is_contiguous(memory_format=torch.channels_last)
    assert list(before) == list(network.state_dict())
    assert all(torch.equal(before[name], tensor) for name, tensor in network.state_dict().items())


@pytest.mark.parametrize("grad", [True, False], ids=["training", "validation"])
@pytest.mark.parametrize(
    "block", [ConvBlock1d(1, 8, 3, stride=3, pool=3), ExcitationBlock1d(1, 8, 3, pool=2)], ids=["plain", "excited"]
)
def test_over_time_the_channels_stay_last(block: nn.Module, grad: bool) -> None:
    prepared = copy.deepcopy(block)
    optimize_for_cpu(prepared, KERNELS)
    with torch.set_grad_enabled(grad):
        y = prepared(torch.randn(2, 1, 90))
    assert y.stride(1) == 1
    assert y.shape == block(torch.randn(2, 1, 90)).shape


@pytest.mark.parametrize("pool", [nn.MaxPool2d((2, 1)), nn.AvgPool2d(2)], ids=["max", "mean"])
@pytest.mark.parametrize("kernel", [1, 3])
def test_maps_and_their_gradients_have_channels_last(kernel: int, pool: nn.Module) -> None:
    """Layouts stay channels last for 1 x 1 filters over one channel, and where the output is flattened."""
    seen = []

    def watch(_: nn.Module, __: tuple[Tensor], y: Tensor) -> None:
        seen.append(y)
        y.register_hook(seen.append)

    network = nn.Sequential(nn.Conv2d(1, 4, kernel), nn.ReLU(), pool, nn.Flatten())
    network[1].register_forward_hook(watch)
    assert_alike(network, torch.randn(2, 1, 8, 8))
    for tensor in seen[-2:]:  # those of the prepared network
        assert tensor.is_contiguous(memory_format=torch.channels_last) and not tensor.is_contiguous()


@pytest.mark.parametrize("bf16", [False, True], ids=["float32", "bfloat16"])
@pytest.mark.parametrize("bias", [True, False], ids=["bias", "no bias"])
@pytest.mark.parametrize("channels", [1, 5])
@pytest.mark.parametrize(
    ("kernel", "stride", "padding"),
    [
        *(((3, 3), 1, 1), ((30, 7), 1, (0, 3)), ((5, 5), 2, 2), ((3, 3), 3, 0), ((2, 4), (1, 2), (1, 0))),
        *(((1, 1), 1, 0), ((44, 3), 1, (0, 1))),
    ],
)
def test_gradients_are_those_of_torch(
    kernel: tuple[int, int], stride: int, padding: int, channels: int, bias: bool, bf16: bool
) -> None:
    torch.manual_seed(0)
    layer = nn.Conv2d(channels, 6, kernel, stride, padding, bias=bias)
    assert type(assert_alike(layer, torch.randn(3, channels, 44, 25), bf16)) is not nn.Conv2d


@pytest.mark.parametrize("kernels", [(), ("weight_grad",), ("spectrogram_grad",)])
def test_each_gradient_alone(kernels: tuple[str, ...]) -> None:
    torch.manual_seed(0)
    assert_alike(nn.Conv2d(1, 6, (5, 3), padding=(0, 1)), torch.randn(3, 1, 12, 9), kernels=kernels)


@pytest.mark.parametrize("chunk", [1, 3000, 10_000], ids=["rows", "some rows", "some segments"])
def test_patches_are_gathered_by_chunks(chunk: int, monkeypatch: pytest.MonkeyPatch) -> None:
    torch.manual_seed(0)
    monkeypatch.setattr("taggram.training.cpu.gradients._CHUNK", chunk)
    assert_alike(nn.Conv2d(4, 6, 3, padding=1), torch.randn(5, 4, 11, 9))


@pytest.mark.parametrize("bf16", [False, True], ids=["float32", "bfloat16"])
@pytest.mark.parametrize("stride", [1, 3])
def test_gradients_over_time_are_those_of_torch(stride: int, bf16: bool) -> None:
    torch.manual_seed(0)
    assert_alike(nn.Conv1d(4, 6, 5, stride, padding=2), torch.randn(3, 4, 50), bf16)


def test_batch_norm_over_time_is_that_of_torch() -> None:
    torch.manual_seed(0)
    layers = nn.Sequential(nn.Conv1d(4, 6, 3, bias=False), nn.BatchNorm1d(6), nn.ReLU(), nn.MaxPool1d(2))
    x = torch.randn(3, 4, 50)
    prepared = assert_alike(layers, x)
    layers(x)
    for name, tensor in layers.state_dict().items():
        torch.testing.assert_close(prepared.state_dict()[name], tensor, msg=name)


def test_batch_norm_after_a_dense_layer_is_left_alone() -> None:
    dense = nn.Sequential(nn.Linear(4, 6), nn.BatchNorm1d(6))
    assert optimize_for_cpu(dense, KERNELS) == set()
    assert type(dense[1]) is nn.BatchNorm1d


def test_what_the_shortcuts_do_not_know_is_left_alone() -> None:
    layers = [
        nn.Conv2d(1, 2, 3, dilation=2),
        nn.Conv2d(1, 2, 3, padding="same"),
        nn.Conv2d(1, 2, 3, padding=1, padding_mode="reflect"),
        nn.Conv2d(4, 4, 3, groups=2),
        nn.Conv1d(4, 4, 3, groups=4),
    ]
    optimize_for_cpu(nn.Sequential(*layers), KERNELS)
    assert {type(layer) for layer in layers} == {nn.Conv1d, nn.Conv2d}


@pytest.mark.parametrize("name", ["musicnn", "musicnn_pons", "small_vgg", "choi_cnn"])
def test_a_network_gets_the_gradients_it_got_before(name: str) -> None:
    torch.manual_seed(0)
    plain = taggram.create_model(name, ["loud", "quiet"]).double()  # rounding moves maxima, and their gradients
    prepared = copy.deepcopy(plain)
    optimize_for_cpu(prepared, KERNELS)
    waveform = 0.1 * torch.randn(3, plain.segments.samples, dtype=torch.float64)
    for network in (plain, prepared):
        torch.manual_seed(1)  # the same units are dropped
        TrainingModule(network)(waveform)[0].square().sum().backward()
    for (entry, expected), found in zip(plain.named_parameters(), prepared.parameters(), strict=True):
        torch.testing.assert_close(found.grad, expected.grad, rtol=1e-6, atol=1e-9, msg=entry)
