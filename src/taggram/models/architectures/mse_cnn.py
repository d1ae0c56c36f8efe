"""MsE-CNN: a CNN with features of every scale (Hamidi Ghalehjegh, Vahidzadeh and Baek 2019)."""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor, nn

from taggram.models.architectures.fcn5 import CHANNELS, FRONT_END, POOLS, SEGMENTS
from taggram.models.blocks import ConvELUBlock, use_keras_defaults
from taggram.models.network import Network
from taggram.models.registry import register
from taggram.vocabularies import Vocabulary

WIDTHS = {"paper": CHANNELS, "code": (64, 128, 256, 512, 1024)}


class _Stage(nn.Module):
    """3x3 convolution, batch norm, ELU and max-pooling; the features of the stages before are only pooled."""

    def __init__(self, channels_in: int, channels: int, pool: tuple[int, int]) -> None:
        super().__init__()
        self.block = ConvELUBlock(channels_in, channels, pool)
        self.pool = nn.MaxPool2d(pool)

    def forward(self, x: Tensor, features: Tensor) -> tuple[Tensor, Tensor]:
        x = self.block(x)
        return x, torch.cat([self.pool(features), x], dim=1)


@register
class MsECNN(Network):
    """FCN-5 with a second path, which pools the input and the output of each convolution for the last layer.

    Input: 96 mel bands x 1366 frames (29.12 s at 12 kHz, Slaney mel, decibels), batch norm of each band. Each stage
    pools all features of the stage before, the input too, and adds its own channels to them.

    ======  ========  ==============  ===============  ========
    stage   channels  pool (mel, t)   output (mel, t)  features
    ======  ========  ==============  ===============  ========
    1       64        (2, 4)          48 x 341         65
    2       128       (2, 4)          24 x 85          193
    3       128       (2, 4)          12 x 21          321
    4       128       (3, 5)          4 x 4            449
    5       64        (4, 4)          1 x 1            513
    ======  ========  ==============  ===============  ========

    The 513 features are the embedding; then one dense layer. The input of a convolution is the output of the last one.

    Parameters
    ----------
    vocabulary
        The tags, in the order of the outputs.
    widths
        Channels: ``"paper"``, or ``"code"``: 64, 128, 256, 512, 1024, which make 1985 features.
    """

    front_end = FRONT_END
    segments = SEGMENTS
    paper = "Hamidi Ghalehjegh, Vahidzadeh and Baek, Multi-scale embedded CNN for music tagging (MsE-CNN), 2019"
    deviations = (
        "Widths are those of FCN-5, which give the paper's almost eight times as many features; "
        "the published code has wider ones, see the option widths.",
        "The paper does not state the mel scale; librosa's default is taken.",
    )

    def __init__(self, vocabulary: Vocabulary, widths: Literal["paper", "code"] = "paper") -> None:
        if widths not in WIDTHS:
            raise ValueError(f"widths must be one of {', '.join(WIDTHS)}, not {widths!r}")
        channels = WIDTHS[widths]
        super().__init__(vocabulary, embedding_size=1 + sum(channels), dropout=0.0)
        self.bn = nn.BatchNorm1d(self.front_end.n_mels, eps=1e-3)
        self.stages = nn.ModuleList(map(_Stage, (1, *channels), channels, POOLS))
        use_keras_defaults(self)

    def embed(self, spectrogram: Tensor) -> Tensor:
        """Compute embeddings (batch, features) from log-mel-spectrograms (batch, 96, 1366)."""
        x = features = self.bn(spectrogram)[:, None]
        for stage in self.stages:
            x, features = stage(x, features)
        embedding: Tensor = features.flatten(1)
        return embedding
