"""Short-chunk CNN: a VGG on short segments (Won et al. 2020)."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from taggram.features import FrontEnd
from taggram.models.blocks import ConvBlock
from taggram.models.card import Segments
from taggram.models.network import Network
from taggram.models.registry import register
from taggram.vocabularies import Vocabulary


@register
class ShortChunkCNN(Network):
    """Seven 3x3 convolutions with max-pooling on a short segment, and a maximum over time.

    Input: 128 mel bands x 231 frames (3.7 s at 16 kHz, HTK mel, decibels), batch norm.

    ======  ========  ==============  =================
    block   channels  pool (mel, t)   output (mel, t)
    ======  ========  ==============  =================
    1       128       (2, 2)          64 x 115
    2       128       (2, 2)          32 x 57
    3       256       (2, 2)          16 x 28
    4       256       (2, 2)          8 x 14
    5       256       (2, 2)          4 x 7
    6       256       (2, 2)          2 x 3
    7       512       (2, 2)          1 x 1
    ======  ========  ==============  =================

    The maximum over time of the 512 channels goes through a dense layer (batch norm, ReLU), whose 512 units are the
    embedding; then dropout and the last dense layer.

    Parameters
    ----------
    vocabulary
        The tags, in the order of the outputs.
    seconds
        Length of a segment, at least 2.04 s; the published one has 59,049 samples.
    """

    front_end = FrontEnd(n_mels=128)
    paper = "Won, Ferraro, Bogdanov and Serra, Evaluation of CNN-based automatic music tagging models, 2020"

    def __init__(self, vocabulary: Vocabulary, seconds: float = 59049 / 16000) -> None:
        if not seconds >= 2.04:
            raise ValueError(f"seconds must be at least 2.04, so that the pools leave a frame, not {seconds}")
        samples = round(seconds * 16000)
        segments = Segments(samples=samples, hop=samples, any_length=True)
        super().__init__(vocabulary, embedding_size=512, segments=segments)
        self.bn = nn.BatchNorm2d(1)
        self.blocks = nn.Sequential(
            ConvBlock(1, 128, (2, 2)),
            ConvBlock(128, 128, (2, 2)),
            ConvBlock(128, 256, (2, 2)),
            ConvBlock(256, 256, (2, 2)),
            ConvBlock(256, 256, (2, 2)),
            ConvBlock(256, 256, (2, 2)),
            ConvBlock(256, 512, (2, 2)),
        )
        self.dense = nn.Linear(512, 512)
        self.dense_bn = nn.BatchNorm1d(512)

    def embed(self, spectrogram: Tensor) -> Tensor:
        """Compute embeddings (batch, 512) from log-mel-spectrograms (batch, 128, frames)."""
        x = self.blocks(self.bn(spectrogram[:, None]))
        return torch.relu(self.dense_bn(self.dense(x.squeeze(2).amax(2))))
