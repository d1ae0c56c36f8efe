"""FCN: fully convolutional network (Choi et al. 2016), in the form of Won et al. 2020."""

from __future__ import annotations

from torch import Tensor, nn

from taggram.features import FrontEnd
from taggram.models.blocks import ConvBlock
from taggram.models.card import Segments
from taggram.models.network import Network
from taggram.models.registry import register
from taggram.vocabularies import Vocabulary


@register
class FCN(Network):
    """Five convolution blocks whose pooling reduces 29 s of log-mel-spectrogram to one point.

    Input: 96 mel bands x 1813 frames (29 s at 16 kHz, HTK mel, decibels), batch norm.

    ======  ========  ==============  =================
    block   channels  pool (mel, t)   output (mel, t)
    ======  ========  ==============  =================
    1       64        (2, 4)          48 x 453
    2       128       (2, 4)          24 x 113
    3       128       (2, 4)          12 x 28
    4       128       (3, 5)          4 x 5
    5       64        (4, 4)          1 x 1
    ======  ========  ==============  =================

    The 64 channels are the embedding; then dropout and one dense layer.

    Parameters
    ----------
    vocabulary
        The tags, in the order of the outputs.
    n_mels
        Number of mel bands, from 96 to 191: the pools leave one of these.
    """

    front_end = FrontEnd()
    segments = Segments(samples=29 * 16000, hop=29 * 16000)
    paper = "Choi, Fazekas and Sandler, Automatic tagging using deep convolutional neural networks, 2016"
    deviations = (
        "Five convolution blocks and 96 mel bands at 16 kHz, as in the published code of Won et al. 2020; "
        "Ramakrishna, Gupta and Gole (Evaluation of CNN-based automatic music tags retrieval models) state four.",
    )

    def __init__(self, vocabulary: Vocabulary, n_mels: int = 96) -> None:
        if not 96 <= n_mels < 192:
            raise ValueError(f"n_mels must be a number from 96 to 191, not {n_mels}")
        super().__init__(vocabulary, embedding_size=64, front_end=FrontEnd(n_mels=n_mels))
        self.bn = nn.BatchNorm2d(1)
        self.blocks = nn.Sequential(
            ConvBlock(1, 64, (2, 4)),
            ConvBlock(64, 128, (2, 4)),
            ConvBlock(128, 128, (2, 4)),
            ConvBlock(128, 128, (3, 5)),
            ConvBlock(128, 64, (4, 4)),
        )

    def embed(self, spectrogram: Tensor) -> Tensor:
        """Compute embeddings (batch, 64) from log-mel-spectrograms (batch, mels, 1813)."""
        x: Tensor = self.blocks(self.bn(spectrogram[:, None]))
        return x.flatten(1)
