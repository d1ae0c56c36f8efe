"""A VGG with a few million operations per second of audio: the architecture of taggram's default model."""

from __future__ import annotations

import itertools
from collections import OrderedDict
from collections.abc import Sequence

import torch
from torch import Tensor, nn

from taggram.features import FrontEnd
from taggram.models.card import Segments
from taggram.models.network import Network
from taggram.models.registry import register
from taggram.vocabularies import Vocabulary

SAMPLES = 128 * 512  # 4.1 s at 16 kHz


class _Block(nn.Sequential):
    """3x3 convolution, batch norm, ReLU, max-pooling; `separable`: the convolution is depthwise and pointwise."""

    def __init__(self, channels_in: int, channels: int, separable: bool) -> None:
        conv: nn.Module = _conv(channels_in, channels, 3)
        if separable:
            each = _conv(channels_in, channels_in, 3, groups=channels_in)
            conv = nn.Sequential(each, nn.BatchNorm2d(channels_in), nn.ReLU(), _conv(channels_in, channels, 1))
        bn, pool = nn.BatchNorm2d(channels), nn.MaxPool2d(2)
        super().__init__(OrderedDict(conv=conv, bn=bn, relu=nn.ReLU(), pool=pool))


def _conv(channels_in: int, channels: int, kernel: int, stride: int = 1, groups: int = 1) -> nn.Conv2d:
    return nn.Conv2d(channels_in, channels, kernel, stride, padding=kernel // 2, groups=groups, bias=False)


@register
class SmallVGG(Network):
    """Convolutions and max-pooling on a mel-spectrogram of low resolution, with few channels in the first layers.

    Input: 64 mel bands x 128 frames (4.1 s at 16 kHz; adjacent frames of 512 samples, Slaney mel,
    log10(1 + 10000 x)), batch norm. After Ferraro et al. 2020, who found that half the mel bands and half the frames
    cost little accuracy. Everywhere the order is convolution, batch norm, ReLU, pooling.

    ======  ========  ==================  ==============
    layer   channels  filter, pool        output (mel, t)
    ======  ========  ==================  ==============
    1       24        5 x 5, stride 2     32 x 64
    2       48        3 x 3, 2 x 2        16 x 32
    3       96        3 x 3, 2 x 2        8 x 16
    4       160       3 x 3, 2 x 2        4 x 8
    5       192       3 x 3, 2 x 2        2 x 4
    ======  ========  ==================  ==============

    Mean and maximum over time of all channels and bands (768 values); a dense layer with batch norm and ReLU gives the
    embedding; then one dense layer.

    Parameters
    ----------
    vocabulary
        The tags, in the order of the outputs.
    channels
        Number of channels of each layer.
    n_mels, hop
        Mel bands and samples between frames of the front end; bands and frames must be divisible by 2 to the power of
        the number of layers.
    separable
        Whether all convolutions but the first are split into a depthwise and a pointwise one (MobileNet).
    embedding_size
        Length of the embedding.
    dropout
        Share of the embedding that is dropped in training.
    """

    paper = (
        "Ferraro, Bogdanov, Serra, Jeon and Yoon, "
        "Music auto-tagging using CNNs and mel-spectrograms with reduced frequency and time resolution, 2020"
    )
    deviations = ("taggram's own design, based on the paper's findings; the paper has other layers.",)

    def __init__(
        self,
        vocabulary: Vocabulary,
        channels: Sequence[int] = (24, 48, 96, 160, 192),
        n_mels: int = 64,
        hop: int = 512,
        separable: bool = False,
        embedding_size: int = 192,
        dropout: float = 0.2,
    ) -> None:
        front_end = FrontEnd(n_mels=n_mels, hop=hop, mel_scale="slaney", mel_norm="slaney", log="log10", padding="none")
        segments = Segments(samples=SAMPLES, hop=SAMPLES)
        super().__init__(vocabulary, embedding_size, dropout, front_end=front_end, segments=segments)
        self.bn = nn.BatchNorm2d(1)
        self.layers = nn.Sequential(
            *(_conv(1, channels[0], 5, stride=2), nn.BatchNorm2d(channels[0]), nn.ReLU()),
            *(_Block(before, after, separable) for before, after in itertools.pairwise(channels)),
        )
        self.dense = nn.Linear(2 * channels[-1] * (n_mels >> len(channels)), embedding_size)
        self.dense_bn = nn.BatchNorm1d(embedding_size)

    def embed(self, spectrogram: Tensor) -> Tensor:
        """Compute embeddings (batch, embedding) from log-mel-spectrograms (batch, mels, frames)."""
        x: Tensor = self.layers(self.bn(spectrogram[:, None])).flatten(1, 2)
        pooled = torch.cat([x.mean(dim=-1), x.amax(dim=-1)], dim=1)
        return torch.relu(self.dense_bn(self.dense(pooled)))
