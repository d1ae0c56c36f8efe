"""Costs are those that one counts by hand."""

from __future__ import annotations

import pytest
from torch import nn

import taggram
from taggram.models.analysis.cost import cost, seconds_per_second

FCN = 9 * (
    96 * 1813 * 1 * 64 + 48 * 453 * 64 * 128 + 24 * 113 * 128 * 128 + 12 * 28 * 128 * 128 + 4 * 5 * 128 * 64
) + 64 * 50  # fmt: skip
GRU = 3 * 32 * (128 + 32 + 32 + 32)  # three gates; the first layer sees 128 values and its own 32
CRNN = 9 * (96 * 1813 * 1 * 64 + 48 * 906 * 64 * 128 + 16 * 302 * 128 * 128 + 4 * 75 * 128 * 128) + 18 * GRU + 32 * 50
SMALL = {"channels": (8, 16), "n_mels": 16, "embedding_size": 32}
SMALL_VGG = 25 * 8 * (8 * 64) + 9 * 8 * 16 * (8 * 64) + (2 * 16 * 4) * 32 + 32 * 50


@pytest.mark.parametrize(
    ("name", "options", "macs"), [("fcn", {}, FCN), ("crnn", {}, CRNN), ("small_vgg", SMALL, SMALL_VGG)]
)
def test_operations_are_those_counted_by_hand(name: str, options: dict, macs: int) -> None:
    assert cost(taggram.create_model(name, "mtat", **options)).macs == macs


def test_attention_counts() -> None:
    network = taggram.create_model("self_attention", "mtat")
    whole = cost(network).macs
    network.transformer = nn.Sequential()
    dense = 119 * 256 * (4 * 256 + 2 * 1024)
    attention = 2 * 119 * 119 * 256  # queries with keys, weights with values
    assert whole - cost(network).macs == 2 * (dense + attention)


def test_a_clip_costs_its_segments() -> None:
    counted = cost(taggram.create_model("small_vgg", "mtat", **SMALL))
    samples = 128 * 512
    assert counted.macs_per_second == pytest.approx(SMALL_VGG * 16000 / samples)
    seconds = samples / 16000
    for clip, segments in [(0.5, 1), (1, 1), (3, 3), (3.4, 3), (3.6, 4)]:
        assert counted.macs_of_clip(clip * seconds) == segments * SMALL_VGG


def test_padding_of_a_clip_counts() -> None:
    counted = cost(taggram.create_model("vgg_pons", "mtat"))
    assert counted.macs_of_clip(2 * 187 * 256 / 16000) == 2 * counted.macs


def test_time_is_measured_for_a_second_of_audio() -> None:
    network = taggram.create_model("small_vgg", "mtat", **SMALL).train()
    assert 0 < seconds_per_second(network) < 1
