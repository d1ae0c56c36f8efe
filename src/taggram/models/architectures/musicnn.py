"""MusicNN: musically motivated filter shapes (Pons et al. 2018), in the form of Won et al. 2020."""

from __future__ import annotations

from collections import OrderedDict

import torch
from torch import Tensor, nn

from taggram.features import FrontEnd
from taggram.models.blocks import ConvBlock1d
from taggram.models.card import Segments
from taggram.models.network import Network
from taggram.models.registry import register
from taggram.vocabularies import Vocabulary


class _Vertical(nn.Sequential):
    """Filters that are tall in frequency and short in time, batch norm, ReLU, maximum over frequency."""

    def __init__(self, channels: int, mels: int, n_mels: int) -> None:
        super().__init__(
            OrderedDict(
                conv=nn.Conv2d(1, channels, (mels, 7), padding=(0, 3)),
                bn=nn.BatchNorm2d(channels),
                relu=nn.ReLU(),
                pool=nn.MaxPool2d((n_mels - mels + 1, 1)),
                flatten=nn.Flatten(1, 2),
            )
        )


@register
class MusicNN(Network):
    """Vertical filters for timbre and horizontal ones for rhythm, a densely connected middle, pooling over time.

    Input: 96 mel bands x 188 frames (3 s at 16 kHz, HTK mel, decibels), batch norm.

    ===========  =======================================================  ==============
    part         layers                                                   output
    ===========  =======================================================  ==============
    vertical     204 filters 67 x 7 and 204 of 38 x 7, max over mel       408 x 188
    horizontal   mean over mel, then 51 filters of length 129, 65, 33     153 x 188
    middle       3 convolutions of length 7, the last two residual        3 x 64 x 188
    back         all of these, max and mean over time, dense              200
    ===========  =======================================================  ==============

    The 200 units of the dense layer (batch norm, ReLU) are the embedding; then dropout and the last dense layer.

    Parameters
    ----------
    vocabulary
        The tags, in the order of the outputs.
    channels
        Filters of each middle layer: 64; 512 in the published form for the Million Song Dataset.
    units
        Size of the dense layer: 200; 500 in that form.
    n_mels
        Number of mel bands; vertical filters span 0.7 and 0.4 of them.
    seconds
        Length of a segment, at least 1 s.
    """

    paper = "Pons, Nieto, Prockup, Schmidt, Ehmann and Serra, End-to-end learning for music audio tagging, 2018"
    deviations = ("Convolution, batch norm, ReLU in this order, as in the published code of Won et al. 2020.",)

    def __init__(
        self, vocabulary: Vocabulary, channels: int = 64, units: int = 200, n_mels: int = 96, seconds: float = 3
    ) -> None:
        if not (n_mels >= 3 and seconds >= 1):
            raise ValueError(f"n_mels must be at least 3 and seconds at least 1, not {n_mels} and {seconds}")
        samples = round(seconds * 16000)
        segments = Segments(samples=samples, hop=samples, any_length=True)
        super().__init__(vocabulary, embedding_size=units, front_end=FrontEnd(n_mels=n_mels), segments=segments)
        self.bn = nn.BatchNorm2d(1)
        self.vertical = nn.ModuleList(_Vertical(204, n_mels * tenths // 10, n_mels) for tenths in (7, 4))
        self.horizontal = nn.ModuleList(ConvBlock1d(1, 51, length) for length in (129, 65, 33))
        front = 2 * 204 + 3 * 51
        self.middle = nn.ModuleList(ConvBlock1d(size, channels, 7) for size in (front, channels, channels))
        self.dense = nn.Linear(2 * (front + 3 * channels), units)
        self.dense_bn = nn.BatchNorm1d(units)

    def embed(self, spectrogram: Tensor) -> Tensor:
        """Compute embeddings (batch, units) from log-mel-spectrograms (batch, mels, frames)."""
        x = self.bn(spectrogram[:, None])
        mean = x.mean(2)
        front = torch.cat([f(x) for f in self.vertical] + [f(mean) for f in self.horizontal], dim=1)
        first = self.middle[0](front)
        second = self.middle[1](first) + first
        third = self.middle[2](second) + second
        features = torch.cat([front, first, second, third], dim=1)
        pooled = torch.cat([features.amax(2), features.mean(2)], dim=1)
        return torch.relu(self.dense_bn(self.dense(pooled)))
