"""Networks whose published code uses Keras or TensorFlow start as they do there."""

from __future__ import annotations

import math

import pytest
import torch
from torch import nn

from taggram import create_model

NAMES = (
    *("choi_cnn", "fcn5", "genre_mood_cnn", "mse_cnn", "musicnn_ferraro", "musicnn_pons", "vgg_cnn", "vgg_pons"),
    "zhang_cnn",
)


@pytest.mark.parametrize("name", NAMES)
def test_keras_networks(name: str) -> None:
    for module in create_model(name, "mtat").modules():
        if isinstance(module, nn.BatchNorm1d | nn.BatchNorm2d):
            assert module.momentum == 0.01
        elif isinstance(module, nn.Conv1d | nn.Conv2d | nn.Linear):
            field = math.prod(module.weight.shape[2:])
            bound = math.sqrt(6 / (field * (module.weight.shape[0] + module.weight.shape[1])))
            assert 0.9 * bound < float(module.weight.detach().abs().max()) <= bound + 1e-6
            assert module.bias is None or not torch.any(module.bias)
