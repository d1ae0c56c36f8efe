"""Receptive fields are those that one gets by hand, from the kernels and strides on the way."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

import taggram
from taggram.features import FrontEnd
from taggram.models.analysis.receptive_field import ReceptiveField, receptive_field
from taggram.models.card import Segments
from taggram.models.network import Network
from taggram.vocabularies import Vocabulary

CONV = (3, 1)


def field(*layers: tuple[int, int]) -> int:
    """How many inputs an output depends on, for layers of (kernel, stride)."""
    size, step = 1, 1
    for kernel, stride in layers:
        size += (kernel - 1) * step
        step *= stride
    return size


def seconds(frames: int, *, rate: int = 16000, n_fft: int = 512, hop: int = 256) -> float:
    return ((frames - 1) * hop + n_fft) / rate


def pools(*sizes: int) -> list[tuple[int, int]]:
    """3x3 convolutions, each before a pooling."""
    return [layer for size in sizes for layer in (CONV, (size, size))]


def test_crnn_sees_a_stretch_and_all_bands() -> None:
    assert field(*pools(2, 3, 4, 4)) == 162 > 96
    assert receptive_field(taggram.create_model("crnn", "mtat")) == ReceptiveField(seconds(162), 96)


def test_fcn_reaches_beyond_the_beginning_and_misses_the_end() -> None:
    beyond = 1 + 4 + 16 + 64 + 320  # the padding of each convolution
    frames = field(*pools(4, 4, 4, 5, 4)) - beyond
    assert frames == 1685 < 1813
    assert receptive_field(taggram.create_model("fcn", "mtat")) == ReceptiveField(seconds(frames), 96)


def test_vgg_pons_pools_with_a_stride_of_its_own() -> None:
    frames = field(CONV, (4, 2), *pools(2, 2, 2, 4))
    bands = field(CONV, (1, 2), *pools(2, 2, 2, 4)) - (1 + 2 + 4 + 8 + 16)
    assert (frames, bands) == (128, 94)
    assert receptive_field(taggram.create_model("vgg_pons", "mtat")) == ReceptiveField(seconds(frames), bands)


def test_short_chunk_cnn_sees_everything() -> None:
    assert field(*pools(*[2] * 7)) - (2**7 - 1) == 255 > 231
    assert receptive_field(taggram.create_model("short_chunk_cnn", "mtat")) == ReceptiveField(59049 / 16000, 128)


@pytest.mark.parametrize("name", ["sample_cnn", "sample_cnn_se"])
def test_sample_cnn_sees_all_samples_but_the_last(name: str) -> None:
    # 19683 strides of 3 that begin one sample before the segment.
    assert receptive_field(taggram.create_model(name, "mtat")) == ReceptiveField((3 * 19683 - 1) / 16000, None)


def test_of_branches_the_one_that_sees_most_counts() -> None:
    frames = field((129, 1), (7, 1), (7, 1), (7, 1))  # the longest horizontal filter, and the middle
    assert receptive_field(taggram.create_model("musicnn", "mtat")) == ReceptiveField(seconds(frames), 96)


def test_padding_with_minus_infinity_and_zhangs_last_pool() -> None:
    zhang = receptive_field(taggram.create_model("zhang_cnn", "mtat"))
    assert zhang == ReceptiveField(2048 / 22050, 2 * 2 * 6)
    assert receptive_field(taggram.create_model("choi_cnn", "mtat")) == ReceptiveField(127 * 512 / 22050, 128)


class Branches(Network):
    """Two convolutions side by side, or none, then a maximum over everything."""

    name = "branches"
    paper = "none"
    front_end = FrontEnd(padding="none")
    segments = Segments(samples=99 * 256 + 512, hop=99 * 256 + 512)

    def __init__(self, *kernels: tuple[int, int]) -> None:
        super().__init__(Vocabulary.from_names(["solo"]), max(1, len(kernels)))
        self.convs = nn.ModuleList(nn.Conv2d(1, 1, kernel) for kernel in kernels)

    def embed(self, spectrogram: Tensor) -> Tensor:
        maps = [conv(spectrogram[:, None]) for conv in self.convs] or [spectrogram[:, None]]
        return torch.cat([one.amax((2, 3)) for one in maps], dim=1)


@pytest.mark.parametrize(
    ("kernels", "frames", "bands"), [((), 1, 1), (((9, 5),), 5, 9), (((3, 20), (30, 4), (2, 2)), 20, 30)]
)
def test_ends_side_by_side(kernels: tuple[tuple[int, int], ...], frames: int, bands: int) -> None:
    assert receptive_field(Branches(*kernels)) == ReceptiveField(seconds(frames), bands)


def test_the_network_stays_as_it_is() -> None:
    network = taggram.create_model("small_vgg", "mtat", channels=(8, 16)).train()
    before = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    with torch.no_grad():
        receptive_field(network)
    assert network.training
    assert all(parameter.requires_grad for parameter in network.parameters())
    for name, tensor in network.state_dict().items():
        assert torch.equal(tensor, before[name]), name
