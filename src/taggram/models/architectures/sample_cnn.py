"""Sample-level CNN: filters of three samples on the waveform (Lee et al. 2017), in the form of Won et al. 2020."""

from __future__ import annotations

from torch import Tensor, nn

from taggram.features import RawFrontEnd
from taggram.models.blocks import ConvBlock1d
from taggram.models.card import Segments
from taggram.models.network import Network
from taggram.models.registry import register
from taggram.vocabularies import Vocabulary


@register
class SampleCNN(Network):
    """Eleven short convolutions whose pooling by three reduces 3^10 samples to one point.

    Input: 59049 samples of the waveform (3.7 s at 16 kHz). All filters are three long but those of the last block.

    ======  ========  =============  ========
    block   channels  stride, pool   output
    ======  ========  =============  ========
    1       128       stride 3       19683
    2       128       pool 3         6561
    3       128       pool 3         2187
    4       256       pool 3         729
    5       256       pool 3         243
    6       256       pool 3         81
    7       256       pool 3         27
    8       256       pool 3         9
    9       256       pool 3         3
    10      512       pool 3         1
    11      512       length 1       1
    ======  ========  =============  ========

    The 512 channels are the embedding; then dropout and one dense layer.

    Parameters
    ----------
    vocabulary
        The tags, in the order of the outputs.
    """

    front_end = RawFrontEnd()
    segments = Segments(samples=59049, hop=59049)
    paper = "Lee, Park, Kim and Nam, Sample-level deep convolutional neural networks for music auto-tagging, 2017"
    deviations = ("16 kHz, as in the published code of Won et al. 2020; the paper has 22.05 kHz.",)

    def __init__(self, vocabulary: Vocabulary) -> None:
        super().__init__(vocabulary, embedding_size=512)
        self.blocks = nn.Sequential(
            ConvBlock1d(1, 128, 3, stride=3),
            ConvBlock1d(128, 128, 3, pool=3),
            ConvBlock1d(128, 128, 3, pool=3),
            ConvBlock1d(128, 256, 3, pool=3),
            ConvBlock1d(256, 256, 3, pool=3),
            ConvBlock1d(256, 256, 3, pool=3),
            ConvBlock1d(256, 256, 3, pool=3),
            ConvBlock1d(256, 256, 3, pool=3),
            ConvBlock1d(256, 256, 3, pool=3),
            ConvBlock1d(256, 512, 3, pool=3),
            ConvBlock1d(512, 512, 1),
        )

    def embed(self, waveform: Tensor) -> Tensor:
        """Compute embeddings (batch, 512) from waveforms (batch, 59049)."""
        x: Tensor = self.blocks(waveform[:, None])
        return x.squeeze(2)
