"""Short-chunk CNN with residual connections (Won et al. 2020)."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from taggram.features import FrontEnd
from taggram.models.blocks import ResidualBlock
from taggram.models.card import Segments
from taggram.models.network import Network
from taggram.models.registry import register
from taggram.vocabularies import Vocabulary


@register
class ShortChunkCNNRes(Network):
    """Seven residual blocks with stride 2, and a maximum over time.

    Input: 128 mel bands x 231 frames (3.7 s at 16 kHz, HTK mel, decibels), batch norm.

    ======  ========  ===============  =================
    block   channels  stride (mel, t)  output (mel, t)
    ======  ========  ===============  =================
    1       128       (2, 2)           64 x 116
    2       128       (2, 2)           32 x 58
    3       256       (2, 2)           16 x 29
    4       256       (2, 2)           8 x 15
    5       256       (2, 2)           4 x 8
    6       256       (2, 2)           2 x 4
    7       512       (2, 2)           1 x 2
    ======  ========  ===============  =================

    The maximum over time of the 512 channels goes through a dense layer (batch norm, ReLU), whose 512 units are the
    embedding; then dropout and the last dense layer.

    Parameters
    ----------
    vocabulary
        The tags, in the order of the outputs.
    """

    front_end = FrontEnd(n_mels=128)
    segments = Segments(samples=59049, hop=59049, any_length=True)
    paper = "Won, Ferraro, Bogdanov and Serra, Evaluation of CNN-based automatic music tagging models, 2020"
    deviations = ("Strides instead of max-pooling, and 3x3 convolutions in the shortcuts, as in the published code.",)

    def __init__(self, vocabulary: Vocabulary) -> None:
        super().__init__(vocabulary, embedding_size=512)
        self.bn = nn.BatchNorm2d(1)
        self.blocks = nn.Sequential(
            ResidualBlock(1, 128, stride=(2, 2)),
            ResidualBlock(128, 128, stride=(2, 2)),
            ResidualBlock(128, 256, stride=(2, 2)),
            ResidualBlock(256, 256, stride=(2, 2)),
            ResidualBlock(256, 256, stride=(2, 2)),
            ResidualBlock(256, 256, stride=(2, 2)),
            ResidualBlock(256, 512, stride=(2, 2)),
        )
        self.dense = nn.Linear(512, 512)
        self.dense_bn = nn.BatchNorm1d(512)

    def embed(self, spectrogram: Tensor) -> Tensor:
        """Compute embeddings (batch, 512) from log-mel-spectrograms (batch, 128, frames)."""
        x = self.blocks(self.bn(spectrogram[:, None]))
        return torch.relu(self.dense_bn(self.dense(x.squeeze(2).amax(2))))
