"""MusicNN as the musicnn library computes it (Pons and Serra 2019)."""

from __future__ import annotations

from collections import OrderedDict

import torch
from torch import Tensor, nn

from taggram.features import FrontEnd
from taggram.models.blocks import use_keras_defaults
from taggram.models.card import Segments
from taggram.models.network import Network
from taggram.models.registry import register
from taggram.vocabularies import Vocabulary

MELS = 96
_EPS = 1e-3  # TensorFlow's default for batch norm


class _Filters(nn.Sequential):
    """Convolution over (mel, time) that keeps the number of frames, ReLU, batch norm, maximum over mel."""

    def __init__(self, channels: int, mels: int, frames: int) -> None:
        super().__init__(
            OrderedDict(
                pad=nn.ZeroPad2d(((frames - 1) // 2, frames // 2, 0, 0)),  # as TensorFlow pads, for even lengths too
                conv=nn.Conv2d(1, channels, (mels, frames)),
                relu=nn.ReLU(),
                bn=nn.BatchNorm2d(channels, eps=_EPS),
                pool=nn.MaxPool2d((MELS - mels + 1, 1)),
                flatten=nn.Flatten(1, 2),
            )
        )


class _Middle(nn.Sequential):
    """Convolution of length 7 over time, ReLU, batch norm."""

    def __init__(self, channels_in: int, channels: int) -> None:
        super().__init__(
            OrderedDict(
                conv=nn.Conv1d(channels_in, channels, 7, padding=3),
                relu=nn.ReLU(),
                bn=nn.BatchNorm1d(channels, eps=_EPS),
            )
        )


@register
class MusicNNPons(Network):
    """Vertical and horizontal filters on the spectrogram, a densely connected middle, pooling over time.

    Input: 96 mel bands x 187 frames (3 s at 16 kHz, Slaney mel, log10(1 + 10000 x)), batch norm. Everywhere the order
    is convolution, ReLU, batch norm.

    ===========  =======================================================  ==============
    part         layers                                                   output
    ===========  =======================================================  ==============
    vertical     204 filters 38 x 7 and 204 of 67 x 7, max over mel       408 x 187
    horizontal   51 filters 1 x 128, 1 x 64, 1 x 32, max over mel         153 x 187
    middle       3 convolutions of length 7, the last two residual        3 x 64 x 187
    back         all of these, max and mean over time, dense              200
    ===========  =======================================================  ==============

    The 200 units of the dense layer (ReLU, batch norm) are the embedding; then dropout and the last dense layer.

    Parameters
    ----------
    vocabulary
        The tags, in the order of the outputs.
    channels
        Filters of each middle layer: 64; 512 in the library's larger form.
    units
        Size of the dense layer: 200; 500 in that form.
    """

    front_end = FrontEnd(n_mels=MELS, mel_scale="slaney", mel_norm="slaney", log="log10", padding="none")
    # 187 frames that reach half a frame beyond both ends, so that adjacent segments give the frames of the clip.
    segments = Segments(samples=186 * 256 + 512, hop=187 * 256, clip_padding=256, any_length=True)
    paper = "Pons and Serra, musicnn: pre-trained convolutional neural networks for music audio tagging, 2019"
    deviations = (
        "The published program stores the mel-spectrogram as float16; here it is float32 throughout "
        "(the scores of a clip agree within 1e-3).",
        "Frames at the ends of a clip are padded with zeros, as in librosa 0.10 and later, not by reflection.",
    )

    def __init__(self, vocabulary: Vocabulary, channels: int = 64, units: int = 200) -> None:
        super().__init__(vocabulary, embedding_size=units)
        self.bn = nn.BatchNorm2d(1, eps=_EPS)
        self.vertical = nn.ModuleList(_Filters(204, mels, 7) for mels in (38, 67))
        self.horizontal = nn.ModuleList(_Filters(51, 1, frames) for frames in (128, 64, 32))
        front = 2 * 204 + 3 * 51
        self.middle = nn.ModuleList(_Middle(size, channels) for size in (front, channels, channels))
        pooled = 2 * (front + 3 * channels)
        self.pooled_bn = nn.BatchNorm1d(pooled, eps=_EPS)
        self.pooled_dropout = nn.Dropout(0.5)
        self.dense = nn.Linear(pooled, units)
        self.dense_bn = nn.BatchNorm1d(units, eps=_EPS)
        use_keras_defaults(self)

    def embed(self, spectrogram: Tensor) -> Tensor:
        """Compute embeddings (batch, units) from log-mel-spectrograms (batch, 96, frames)."""
        x = self.bn(spectrogram[:, None])
        front = torch.cat([filters(x) for filters in (*self.vertical, *self.horizontal)], dim=1)
        first = self.middle[0](front)
        second = self.middle[1](first) + first
        third = self.middle[2](second) + second
        features = torch.cat([front, first, second, third], dim=1)
        # The published weights have maximum and mean of each channel adjacent.
        pooled = torch.stack([features.amax(2), features.mean(2)], dim=2).flatten(1)
        dense = self.dense(self.pooled_dropout(self.pooled_bn(pooled)))
        embedding: Tensor = self.dense_bn(torch.relu(dense))
        return embedding
