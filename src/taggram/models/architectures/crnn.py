"""CRNN: convolutions, then a recurrent network over time (Choi et al. 2017), in the form of Won et al. 2020."""

from __future__ import annotations

from torch import Tensor, nn

from taggram.features import FrontEnd
from taggram.models.blocks import ConvBlock
from taggram.models.card import Segments
from taggram.models.network import Network
from taggram.models.registry import register
from taggram.vocabularies import Vocabulary


@register
class CRNN(Network):
    """Four convolution blocks, whose output is one mel band and 18 steps in time, then two GRU layers.

    Input: 96 mel bands x 1813 frames (29 s at 16 kHz, HTK mel, decibels), batch norm.

    ======  ========  ==============  =================
    block   channels  pool (mel, t)   output (mel, t)
    ======  ========  ==============  =================
    1       64        (2, 2)          48 x 906
    2       128       (3, 3)          16 x 302
    3       128       (4, 4)          4 x 75
    4       128       (4, 4)          1 x 18
    GRU     32, 32                    last step
    ======  ========  ==============  =================

    The GRU's last step is the embedding; then dropout and one dense layer.

    Parameters
    ----------
    vocabulary
        The tags, in the order of the outputs.
    n_mels
        Number of mel bands, from 96 to 191: the pools leave one of these.
    """

    front_end = FrontEnd()
    segments = Segments(samples=29 * 16000, hop=29 * 16000)
    paper = "Choi, Fazekas, Sandler and Cho, Convolutional recurrent neural networks for music classification, 2017"
    deviations = ("Batch norm and ReLU as in the published code of Won et al. 2020; the paper has ELU and dropout.",)

    def __init__(self, vocabulary: Vocabulary, n_mels: int = 96) -> None:
        if not 96 <= n_mels < 192:
            raise ValueError(f"n_mels must be a number from 96 to 191, not {n_mels}")
        super().__init__(vocabulary, embedding_size=32, front_end=FrontEnd(n_mels=n_mels))
        self.bn = nn.BatchNorm2d(1)
        self.blocks = nn.Sequential(
            ConvBlock(1, 64, (2, 2)),
            ConvBlock(64, 128, (3, 3)),
            ConvBlock(128, 128, (4, 4)),
            ConvBlock(128, 128, (4, 4)),
        )
        self.gru = nn.GRU(128, 32, num_layers=2, batch_first=True)

    def embed(self, spectrogram: Tensor) -> Tensor:
        """Compute embeddings (batch, 32) from log-mel-spectrograms (batch, mels, 1813)."""
        x = self.blocks(self.bn(spectrogram[:, None]))
        steps, _ = self.gru(x.squeeze(2).transpose(1, 2))
        last: Tensor = steps[:, -1]
        return last
