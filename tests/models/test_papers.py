"""Networks match the papers: output sizes, parameters and the published cost."""

from __future__ import annotations

import itertools
from functools import cache
from unittest import mock

import pytest
import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

import taggram
from taggram.models.architectures.genre_mood_cnn import _Block
from taggram.models.network import Network

GENRE_MOOD = ["Electronic", "Folk", "Hip-Hop", "Instrumental", "Pop", "Rock", "happy", "sad", "neutral"]
TAGS = dict.fromkeys(("genre_mood_cnn", "zhang_cnn", "choi_cnn"), GENRE_MOOD)

# Table 2 of Ferraro et al. 2020.
FINE = itertools.product((12000, 16000), (128, 96, 48), (1, 2, 3, 4, 5, 10), ("log10", "db"))
COARSE = itertools.product((12000, 16000), (32, 24, 16, 8), (1,), ("log10", "db"))
CONFIGURATIONS = [*FINE, *COARSE]


def unmade(name: str, **options: object) -> Network:
    """A network whose layers have no values: shapes and operations can be asked for at no cost."""
    nothing = dict.fromkeys(("kaiming_uniform_", "uniform_"), lambda tensor, *_args, **_options: tensor)
    with mock.patch.multiple("torch.nn.init", **nothing):
        return taggram.create_model(name, TAGS.get(name, "mtat"), **options).eval().to("meta")


def spectrogram(network: Network) -> torch.Tensor:
    front_end = network.front_end
    return torch.empty(1, front_end.n_mels, front_end.frames(network.segments.samples), device="meta")


def sizes(network: Network, kind: type[nn.Module] | tuple[type[nn.Module], ...]) -> list[tuple[int, ...]]:
    """Channels and sizes of what all layers of a kind put out."""
    found: list[tuple[int, ...]] = []
    for module in network.modules():
        if isinstance(module, kind):
            module.register_forward_hook(lambda _module, _args, out: found.append(tuple(out.shape[1:])))
    network.embed(spectrogram(network))
    return found


def parameters(name: str, **options: object) -> int:
    return sum(parameter.numel() for parameter in unmade(name, **options).parameters())


@cache
def macs(n_mels: int = 96, hop: int = 1, sample_rate: int = 12000) -> int:
    network = unmade("vgg_cnn", n_mels=n_mels, hop=256 * hop, sample_rate=sample_rate)
    with FlopCounterMode(display=False) as counter:
        network.classify(network.embed(spectrogram(network)))
    return counter.get_total_flops() // 2


def convolutions(*layers: tuple[int, int, int]) -> int:
    """Parameters of convolutions with bias and batch norm: channels before, channels, size of the filter."""
    return sum(before * channels * size + channels + 2 * channels for before, channels, size in layers)


VGG = convolutions((1, 128, 9), (128, 384, 9), (384, 768, 9), (768, 2048, 9))
VERTICAL = sum(tall * channels * frames + 3 * channels
               for tall in (86, 38) for channels, frames in ((64, 7), (128, 3), (256, 1)))  # fmt: skip
HORIZONTAL = sum(32 * frames + 3 * 32 for frames in (165, 128, 64, 32))


@pytest.mark.parametrize(
    ("name", "options", "expected"),
    [
        ("vgg_cnn", {}, 2 + VGG + 2049 * 50),
        ("vgg_cnn", {"n_mels": 8, "sample_rate": 16000}, 2 + VGG + 2049 * 50),
        ("fcn4", {}, 2 + VGG + 2049 * 50),
        ("fcn5", {}, 447_922),
        ("four_layer_cnn", {}, VGG + 2049 * 50),
        ("four_layer_cnn", {"batch_norm": False, "dropout": 0}, VGG - 2 * (128 + 384 + 768 + 2048) + 2049 * 50),
        (
            "mse_cnn",
            {},
            2 * 96 + convolutions((1, 64, 9), (64, 128, 9), (128, 128, 9), (128, 128, 9), (128, 64, 9)) + 514 * 50,
        ),
        (
            "mse_cnn",
            {"channels": "code"},
            2 * 96 + convolutions((1, 64, 9), (64, 128, 9), (128, 256, 9), (256, 512, 9), (512, 1024, 9)) + 1986 * 50,
        ),
        (
            "mse_cnn",
            {"inputs": "all"},
            2 * 96 + convolutions((1, 64, 9), (65, 128, 9), (193, 128, 9), (321, 128, 9), (449, 64, 9)) + 514 * 50,
        ),
        (
            "musicnn_ferraro",
            {},
            VERTICAL + HORIZONTAL + convolutions((1024, 512, 7), (512, 512, 7), (512, 512, 7))
            + 1025 * 500 + 2 * 500 + 501 * 50,
        ),
        (
            "genre_mood_cnn",
            {},
            2 + convolutions((1, 64, 4), (64, 128, 4), (128, 256, 4), (256, 512, 4)) + 8193 * 15 + 2 * 15 + 16 * 9,
        ),
        (
            "zhang_cnn",
            {},
            2 + convolutions((1, 128, 1), (128, 128, 1), (128, 256, 1))
            + 196609 * 300 + 2 * 300 + 301 * 150 + 2 * 150 + 151 * 9,
        ),
        (
            "choi_cnn",
            {},
            2 + convolutions((1, 32, 9), (32, 128, 9), (128, 128, 9), (128, 192, 9), (192, 256, 9))
            + 257 * 10 + 2 * 10 + 11 * 9,
        ),
    ],
)  # fmt: skip
def test_parameters_are_those_counted_by_hand(name: str, options: dict, expected: int) -> None:
    assert parameters(name, **options) == expected


@pytest.mark.parametrize(
    ("name", "shape", "pooled"),
    [
        ("fcn4", (96, 1366), [(128, 48, 341), (384, 12, 68), (768, 4, 8), (2048, 1, 1)]),
        ("fcn5", (96, 1366), [(64, 48, 341), (128, 24, 85), (128, 12, 21), (128, 4, 4), (64, 1, 1)]),
        ("four_layer_cnn", (40, 909), [(128, 19, 226), (384, 8, 56), (768, 3, 9), (2048, 1, 1)]),
        (
            "choi_cnn",
            (128, 128),
            [(32, 43, 22), (128, 15, 4), (128, 5, 1), (192, 1, 1), (256, 1, 1)],
        ),
        ("zhang_cnn", (128, 128), [(128, 64, 128), (128, 32, 128), (256, 6, 128)]),
        ("genre_mood_cnn", (128, 128), [(64, 64, 64), (128, 32, 32), (256, 16, 16), (512, 4, 4)]),
    ],
)
def test_sizes_are_those_of_the_papers(name: str, shape: tuple[int, int], pooled: list[tuple[int, ...]]) -> None:
    network = unmade(name)
    assert tuple(spectrogram(network).shape[1:]) == shape
    assert sizes(network, nn.MaxPool2d) == pooled


@pytest.mark.parametrize(
    ("options", "blocks", "values"),
    [
        ({}, [(64, 64, 64), (128, 32, 32), (256, 16, 16), (512, 8, 8)], 512 * 4 * 4),
        ({"kernel": 1}, [(64, 64, 64), (128, 32, 32), (256, 16, 16), (512, 8, 8)], 512 * 4 * 4),
        ({"kernel": 3}, [(64, 64, 64), (128, 32, 32), (256, 16, 16), (512, 8, 8)], 512 * 4 * 4),
        ({"strides": (1, 1, 1, 1)}, [(64, 64, 64), (128, 32, 32), (256, 16, 16), (512, 16, 16)], 512 * 8 * 8),
        ({"strides": (2, 2, 2, 2)}, [(64, 64, 64), (128, 32, 32), (256, 16, 16), (512, 8, 8)], 512 * 4 * 4),
        ({"frames": 430}, [(64, 64, 215), (128, 32, 107), (256, 16, 53), (512, 8, 27)], 512 * 4 * 13),
        ({"pooling": "max"}, [(64, 64, 64), (128, 32, 32), (256, 16, 16), (512, 8, 8)], 512 * 4 * 4),
        ({"units": (30, 20), "channels": (8, 8, 16, 16)}, [(8, 64, 64), (8, 32, 32), (16, 16, 16), (16, 8, 8)], 256),
    ],
)
def test_ablations_of_paper_004(options: dict, blocks: list[tuple[int, ...]], values: int) -> None:
    network = unmade("genre_mood_cnn", **options)
    assert sizes(network, _Block) == blocks
    layers = [module for module in network.dense if isinstance(module, nn.Linear)]
    assert layers[0].in_features == values
    assert tuple(layer.out_features for layer in layers) == options.get("units", (15,))
    kernel = options.get("kernel", 2)
    assert {m.kernel_size for m in network.modules() if isinstance(m, nn.Conv2d)} == {(kernel, kernel)}


@pytest.mark.parametrize("pooling", ["max", "mean", "both"])
def test_the_last_pooling_is_a_maximum_or_a_mean_or_between(pooling: str) -> None:
    network = taggram.create_model("genre_mood_cnn", ["a"], channels=(1,), strides=(1,), pooling=pooling).eval()
    seen: list[torch.Tensor] = []
    network.blocks.register_forward_hook(lambda _module, _args, out: seen.append(out))
    network.dense.register_forward_hook(lambda _module, args, _out: seen.append(args[0]))
    network.embed(torch.rand(1, 128, 128))
    before, pooled = seen
    squares = before[0, 0].unfold(0, 2, 2).unfold(1, 2, 2).flatten(2)
    largest, mean = squares.amax(2), squares.mean(2)
    expected = {"max": largest, "mean": mean, "both": (largest + mean) / 2}[pooling]
    torch.testing.assert_close(pooled.reshape(64, 64), expected)


def test_unpadded_convolutions_give_the_single_point_that_the_paper_prints() -> None:
    network = unmade("four_layer_cnn")
    assert sizes(network, nn.Conv2d) == [(128, 38, 907), (384, 17, 224), (768, 6, 54), (2048, 1, 7)]


def test_all_configurations_of_mel_spectrograms_end_in_one_point() -> None:
    assert len(CONFIGURATIONS) == 88
    for sample_rate, n_mels, hop, log in CONFIGURATIONS:
        options = {"n_mels": n_mels, "hop": 256 * hop, "sample_rate": sample_rate, "log": log}
        network = unmade("vgg_cnn", channels=(1, 1, 1, 8), **options)
        seen = spectrogram(network)
        assert seen.shape[1] == n_mels
        assert network.embed(seen).shape == (1, 8), (sample_rate, n_mels, hop)


def test_a_clip_of_magnatagatune_has_the_909_frames_of_paper_001() -> None:
    clip = 465_984  # samples at 16 kHz
    network = unmade("four_layer_cnn")
    front_end, samples = network.front_end, network.segments.samples
    assert front_end.frames(clip) == front_end.frames(samples) == 909
    assert front_end.frames(samples - 1) == 908
    assert samples <= clip, "no clip is repeated"
    assert front_end.replace(n_fft=512).frames(clip) == 910
    assert front_end.replace(padding="zero").frames(clip) == 911


def seen(size: int, pools: list[int]) -> int:
    """How much of an input 3x3 convolutions see, each followed by a pooling that drops the remainder."""
    before = [size]
    for pool in pools:
        before.append(before[-1] // pool)
    count = before.pop()
    for pool, most in zip(reversed(pools), reversed(before), strict=True):
        count = min(count * pool + 1, most)
    return count


@pytest.mark.parametrize("sample_rate", [12000, 16000])
def test_deviations_name_the_seconds_that_the_pools_of_table_3_leave(sample_rate: int) -> None:
    torch.manual_seed(0)
    seconds = []
    for hop in (256, 512, 768, 1024, 1280, 2560):
        network = taggram.create_model(
            "vgg_cnn", ["a"], hop=hop, n_mels=8, sample_rate=sample_rate, channels=(16, 16, 16, 16)
        ).eval()
        inside = torch.rand(1, 8, network.front_end.frames(network.segments.samples))
        pools = [module.kernel_size for module in network.modules() if isinstance(module, nn.MaxPool2d)]
        frames = seen(inside.shape[2], [pool[1] for pool in pools])
        beyond, last = inside.clone(), inside.clone()
        beyond[..., frames:] += 1000
        last[..., frames - 1] += 1000
        with torch.no_grad():
            assert torch.equal(network.embed(beyond), network.embed(inside))
            assert not torch.equal(network.embed(last), network.embed(inside))
        seconds.append(f"{(frames - 1) * hop / sample_rate:.1f}")
    assert f"first {', '.join(seconds[:-1])} and {seconds[-1]} s" in network.deviations[-1]


def test_deviations_name_the_bands_that_the_pools_of_table_3_leave() -> None:
    counts = {}
    for bands in (128, 96, 48, 32, 24, 16, 8):
        network = unmade("vgg_cnn", n_mels=bands)
        counts[bands] = seen(bands, [m.kernel_size[0] for m in network.modules() if isinstance(m, nn.MaxPool2d)])
    assert {bands: count for bands, count in counts.items() if count < bands} == {32: 31}
    assert "of 32 mel bands, it sees the lower 31" in network.deviations[-1]


@pytest.mark.parametrize(
    ("sample_rate", "hop", "frames"), [(12000, 1, 1366), (16000, 1, 1820), (12000, 10, 137), (16000, 10, 182)]
)
def test_frames_are_those_of_the_paper(sample_rate: int, hop: int, frames: int) -> None:
    assert spectrogram(unmade("vgg_cnn", hop=256 * hop, sample_rate=sample_rate)).shape[2] == frames


@pytest.mark.parametrize(
    "options", [{"hop": 300}, {"n_mels": 64}, {"sample_rate": 22050}, {"log": "ln"}, {"hop": 1536}]
)
def test_other_configurations_are_refused(options: dict) -> None:
    with pytest.raises(ValueError, match="no pools for"):
        unmade("vgg_cnn", **options)


def test_operations_of_the_original_configuration() -> None:
    by_hand = 9 * (96 * 1366 * 128 + 48 * 341 * 128 * 384 + 12 * 68 * 384 * 768 + 4 * 8 * 768 * 2048) + 2048 * 50
    assert macs() == by_hand


def test_half_the_bands_or_frames_cost_half() -> None:
    for sample_rate, hop in itertools.product((12000, 16000), (1, 2, 3, 4, 5, 10)):
        assert macs(48, hop, sample_rate) / macs(96, hop, sample_rate) == pytest.approx(0.5, abs=0.02)
    for sample_rate, n_mels in itertools.product((12000, 16000), (128, 96, 48)):
        assert macs(n_mels, 2, sample_rate) / macs(n_mels, 1, sample_rate) == pytest.approx(0.5, abs=0.02)


def test_a_model_ten_times_faster_is_among_them() -> None:
    times = [macs() / macs(n_mels, hop) for n_mels, hop in ((48, 5), (48, 10), (96, 10), (8, 1))]
    assert any(9 < factor < 12 for factor in times), times


def test_the_last_layer_of_mse_cnn_sees_eight_times_what_that_of_fcn5_sees() -> None:
    network = unmade("mse_cnn")
    stages = [module for module in network.modules() if type(module).__name__ == "_Stage"]
    features: list[tuple[int, ...]] = []
    for stage in stages:
        stage.register_forward_hook(lambda _module, _args, out: features.append(tuple(out[1].shape[1:])))
    assert network.embed(spectrogram(network)).shape == (1, 513)
    assert features == [(65, 48, 341), (193, 24, 85), (321, 12, 21), (449, 4, 4), (513, 1, 1)]
    assert unmade("fcn5").embedding_size == 64
    assert unmade("mse_cnn", channels="code").embedding_size == 1985


@pytest.mark.parametrize(("n_mels", "tall"), [(96, [86, 38]), (128, [115, 51]), (48, [43, 19])])
def test_filters_of_musicnn_follow_the_bands(n_mels: int, tall: list[int]) -> None:
    network = unmade("musicnn_ferraro", n_mels=n_mels)
    kernels = [module.kernel_size for module in network.modules() if isinstance(module, nn.Conv2d)]
    assert kernels == [(mels, frames) for mels in tall for frames in (7, 3, 1)]
    assert [m.kernel_size for m in network.horizontal.modules() if isinstance(m, nn.Conv1d)] == [
        (frames,) for frames in (165, 128, 64, 32)
    ]


def test_a_song_of_paper_004_is_ten_slices() -> None:
    spec = unmade("genre_mood_cnn").segments
    assert spec.samples == 65024
    assert 10 * spec.hop / 22050 < 30
    assert 29.8 < 3 * unmade("genre_mood_cnn", frames=430).segments.hop / 22050 < 30


def test_pooling_reaches_beyond_the_edges_where_32_bands_are_pooled_by_6() -> None:
    network = taggram.create_model("zhang_cnn", ["a"], units=(15,))
    bands = torch.arange(32.0).reshape(1, 1, 32, 1)
    assert network.max_pool(bands).flatten().tolist() == [3, 9, 15, 21, 27, 31]
    assert network.mean_pool(bands).flatten().tolist() == [1.5, 6.5, 12.5, 18.5, 24.5, 29.5]
