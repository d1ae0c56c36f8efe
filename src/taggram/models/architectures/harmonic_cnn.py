"""Harmonic CNN: a trainable front end whose channels are harmonics (Won et al. 2020)."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from taggram.features import HarmonicFrontEnd
from taggram.models.blocks import ConvBlock, ResidualBlock
from taggram.models.card import Segments
from taggram.models.network import Network
from taggram.models.registry import register
from taggram.vocabularies import Vocabulary


@register
class HarmonicCNN(Network):
    """Six spectrograms, one for each harmonic of the same pitches, as the channels of a residual network.

    Input: 6 harmonics x 128 bands, half a semitone apart from C1 on, x 313 frames (5 s at 16 kHz, decibels); the
    width of the bands is trained. Batch norm.

    ===========  ========  ==============  =================
    block        channels  pool (band, t)  output (band, t)
    ===========  ========  ==============  =================
    1            128       (2, 2)          64 x 156
    2, residual  128       (2, 2)          32 x 78
    3, residual  128       (2, 2)          16 x 39
    4, residual  128       (2, 2)          8 x 19
    5            256       (2, 2)          4 x 9
    6, residual  256       (2, 3)          2 x 3
    7, residual  256       (2, 3)          1 x 1
    ===========  ========  ==============  =================

    The maximum over time of the 256 channels goes through a dense layer (batch norm, ReLU), whose 256 units are the
    embedding; then dropout and the last dense layer.

    Parameters
    ----------
    vocabulary
        The tags, in the order of the outputs.
    """

    front_end = HarmonicFrontEnd()
    segments = Segments(samples=5 * 16000, hop=5 * 16000, any_length=True)
    paper = "Won, Chun, Nieto and Serra, Data-driven harmonic filters for audio representation learning, 2020"
    deviations = ("One learned Q for all bands, frames of 512 samples, as in the published code of Won et al. 2020.",)

    def __init__(self, vocabulary: Vocabulary) -> None:
        super().__init__(vocabulary, embedding_size=256)
        self.bn = nn.BatchNorm2d(6)
        self.blocks = nn.Sequential(
            ConvBlock(6, 128, (2, 2)),
            ResidualBlock(128, 128, pool=(2, 2)),
            ResidualBlock(128, 128, pool=(2, 2)),
            ResidualBlock(128, 128, pool=(2, 2)),
            ConvBlock(128, 256, (2, 2)),
            ResidualBlock(256, 256, pool=(2, 3)),
            ResidualBlock(256, 256, pool=(2, 3)),
        )
        self.dense = nn.Linear(256, 256)
        self.dense_bn = nn.BatchNorm1d(256)

    def embed(self, harmonics: Tensor) -> Tensor:
        """Compute embeddings (batch, 256) from harmonic spectrograms (batch, 6, 128, frames)."""
        x = self.blocks(self.bn(harmonics))
        return torch.relu(self.dense_bn(self.dense(x.squeeze(2).amax(2))))
