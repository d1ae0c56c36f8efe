"""MsE-CNN: a CNN with features of every scale (Hamidi Ghalehjegh, Vahidzadeh and Baek 2019)."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Literal

import torch
from torch import Tensor, nn

from taggram.models.architectures.fcn5 import CHANNELS, MELS, POOLS, SEGMENTS, Log, front_end
from taggram.models.blocks import ConvELUBlock, check_channels, use_keras_defaults
from taggram.models.network import Network
from taggram.models.registry import register
from taggram.vocabularies import Vocabulary

CHANNELS_OF = {"paper": CHANNELS, "code": (64, 128, 256, 512, 1024)}


class _Stage(nn.Module):
    """3x3 convolution, batch norm, ELU and max-pooling; a second path pools the features of the stages before."""

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
    channels
        Channels of the five stages. ``"paper"``: those above. ``"code"``: 64, 128, 256, 512, 1024, which make 1985
        features.
    inputs
        Input of a convolution: the output of the ``"last"`` one, or ``"all"`` features, as in a DenseNet.
    log
        ``"db"``: 10 log10 x. ``"amplitude_db"``: 20 log10 x, at most 80 below the maximum of the segment, as in the
        published code.
    """

    segments = SEGMENTS
    paper = "Hamidi Ghalehjegh, Vahidzadeh and Baek, Multi-scale embedded CNN for music tagging (MsE-CNN), 2019"
    deviations = (
        "Widths are those of FCN-5, which give the paper's almost eight times as many features; "
        "the published code has wider ones, see the option channels.",
        "A convolution sees the output of the last one, as in the published code; the paper can also be read so that "
        "it sees all features, see the option inputs.",
        "The paper does not state the mel scale; librosa's default is taken.",
        "The published code squares the power of a mel band before it computes decibels, see the option log.",
    )

    def __init__(
        self,
        vocabulary: Vocabulary,
        channels: Sequence[int] | Literal["paper", "code"] = "paper",
        inputs: Literal["last", "all"] = "last",
        log: Log = "db",
    ) -> None:
        if isinstance(channels, str):
            if channels not in CHANNELS_OF:
                raise ValueError(f"channels must be numbers or one of {', '.join(CHANNELS_OF)}, not {channels!r}")
            channels = CHANNELS_OF[channels]
        check_channels(channels, len(POOLS))
        if inputs not in ("last", "all"):
            raise ValueError(f"inputs must be last or all, not {inputs!r}")
        features = tuple(itertools.accumulate((1, *channels)))
        super().__init__(vocabulary, embedding_size=features[-1], dropout=0.0, front_end=front_end(log))
        self.inputs = inputs
        self.bn = nn.BatchNorm1d(MELS, eps=1e-3)
        before = features if inputs == "all" else (1, *channels)
        self.stages = nn.ModuleList(map(_Stage, before, channels, POOLS))
        use_keras_defaults(self)

    def embed(self, spectrogram: Tensor) -> Tensor:
        """Compute embeddings (batch, features) from log-mel-spectrograms (batch, 96, 1366)."""
        x = features = self.bn(spectrogram)[:, None]
        for stage in self.stages:
            x, features = stage(features if self.inputs == "all" else x, features)
        embedding: Tensor = features.flatten(1)
        return embedding
