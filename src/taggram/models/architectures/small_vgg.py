"""A VGG of a few million multiplications per second of audio: the architecture of taggram's default model."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from taggram.features import FrontEnd
from taggram.models.card import Segments
from taggram.models.network import Network
from taggram.models.norm_pool import norm_pool
from taggram.models.registry import register

if TYPE_CHECKING:
    from jaxtyping import Float

    from taggram.vocabularies import Vocabulary

SAMPLES = 128 * 512  # 4.1 s at 16 kHz


class _Block(nn.Module):
    """3x3 convolution, batch norm, ReLU, max-pooling; `separable`: a filter per channel, then a mixture of them."""

    def __init__(self, channels_in: int, channels: int, separable: bool) -> None:
        super().__init__()
        self.conv: nn.Module = _conv(channels_in, channels, 3)
        if separable:
            each = _conv(channels_in, channels_in, 3, groups=channels_in)
            self.conv = nn.Sequential(each, nn.BatchNorm2d(channels_in), nn.ReLU(), _conv(channels_in, channels, 1))
        self.bn = nn.BatchNorm2d(channels)
        self.pool = nn.MaxPool2d(2)

    def forward(self, x: Float[Tensor, "batch channels_in mels frames"]) -> Float[Tensor, "batch channels m f"]:
        return norm_pool(self.conv(x), self.bn, self.pool, torch.relu)


def _conv(channels_in: int, channels: int, kernel: int, stride: int = 1, groups: int = 1) -> nn.Conv2d:
    return nn.Conv2d(channels_in, channels, kernel, stride, padding=kernel // 2, groups=groups, bias=False)


@register
class SmallVGG(Network):
    """Convolutions and max-pooling on a mel-spectrogram of low resolution, with few channels where it is large.

    Input: 64 mel bands x 128 frames (4.1 s at 16 kHz; frames of 512 samples side by side, Slaney mel,
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
        Of each layer.
    n_mels, hop
        Mel bands and samples between frames of the front end; bands and frames must be divisible by 2 to the power of
        the number of layers.
    separable
        Whether all convolutions but the first are split into one over space and one over channels (MobileNet).
    embedding_size
        Length of the embedding.
    dropout
        Share of the embedding that is dropped in training.
    """

    paper = (
        "Ferraro, Bogdanov, Serra, Jeon and Yoon, "
        "Music auto-tagging using CNNs and mel-spectrograms with reduced frequency and time resolution, 2020"
    )
    deviations = ("A design of taggram's own after the paper's findings; the paper has other layers.",)

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

    def embed(self, spectrogram: Float[Tensor, "batch mels frames"]) -> Float[Tensor, "batch embedding"]:
        """Compute the embedding of segments from their log-mel-spectrograms."""
        x: Tensor = self.layers(self.bn(spectrogram[:, None])).flatten(1, 2)
        pooled = torch.cat([x.mean(dim=-1), x.amax(dim=-1)], dim=1)
        return torch.relu(self.dense_bn(self.dense(pooled)))
