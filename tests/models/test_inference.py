"""Networks optimised for inference compute what they did before."""

from __future__ import annotations

import copy

import pytest
import torch
from torch import nn

from taggram.models.inference import optimize_for_inference


@pytest.fixture
def layers() -> nn.Sequential:
    """Layers with batch norm of both signs and running statistics that are not the initial ones."""
    torch.manual_seed(0)
    norm = nn.BatchNorm2d(8)
    nn.init.normal_(norm.weight)
    assert 0 < (norm.weight < 0).sum() < 8
    network = nn.Sequential(
        nn.ZeroPad2d((1, 0, 0, 0)), nn.Conv2d(2, 8, 3), nn.ReLU(), norm, nn.MaxPool2d((2, 3)), nn.Flatten()
    )
    network(torch.randn(9, 2, 10, 12))
    return network


@pytest.mark.parametrize("pool", [nn.MaxPool2d((2, 3)), nn.MaxPool2d((8, 1)), nn.MaxPool2d(3, padding=1)])
def test_pooling_before_batch_norm(layers: nn.Sequential, pool: nn.Module) -> None:
    layers[4] = pool
    other = copy.deepcopy(layers)
    optimize_for_inference(other)
    assert list(other.state_dict()) == list(layers.state_dict())
    x = torch.randn(2, 2, 10, 12)
    torch.testing.assert_close(other.eval()(x), layers.eval()(x))
    sizes = []
    other[3].register_forward_hook(lambda _module, args, _out: sizes.append(args[0].shape[2:]))
    other(x)
    assert sizes[0].numel() < 8 * 11


def test_training_computes_as_before(layers: nn.Sequential) -> None:
    other = copy.deepcopy(layers)
    optimize_for_inference(other)
    x = torch.randn(2, 2, 10, 12)
    assert torch.equal(other.train()(x), layers.train()(x))


@pytest.mark.parametrize("name", ["max_pool2d", "amax"])
def test_a_maximum_over_the_whole_height_is_one_over_an_axis(name: str) -> None:
    pool = nn.Sequential(nn.MaxPool2d((5, 1)))
    optimize_for_inference(pool)
    maps = torch.randn(2, 3, 5 if name == "amax" else 10, 7)
    exported = torch.export.export(pool.eval(), (maps,)).graph_module.code
    assert name in exported
    assert torch.equal(pool(maps), nn.MaxPool2d((5, 1))(maps))
