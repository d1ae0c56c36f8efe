"""Sample-level CNN with squeeze-and-excitation (Kim et al. 2018), in the form of Won et al. 2020."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from taggram.features import RawFrontEnd
from taggram.models.blocks import ExcitationBlock1d
from taggram.models.card import Segments
from taggram.models.network import Network
from taggram.models.registry import register
from taggram.vocabularies import Vocabulary


@register
class SampleCNNSE(Network):
    """The sample-level CNN with two convolutions, squeeze-and-excitation and a residual connection in every block.

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

    A dense layer (batch norm, ReLU) follows, whose 512 units are the embedding; then dropout and the last dense layer.

    Parameters
    ----------
    vocabulary
        The tags, in the order of the outputs.
    """

    front_end = RawFrontEnd()
    segments = Segments(samples=59049, hop=59049)
    paper = "Kim, Lee and Nam, Sample-level CNN architectures for music auto-tagging using raw waveforms, 2018"
    deviations = (
        "As in the published code of Won et al. 2020: 16 kHz; the first and the last block have squeeze-and-excitation "
        "too; the dense layers follow the last block only. The paper has 22.05 kHz and joins the last three blocks.",
    )

    def __init__(self, vocabulary: Vocabulary) -> None:
        super().__init__(vocabulary, embedding_size=512)
        self.blocks = nn.Sequential(
            ExcitationBlock1d(1, 128, 3, stride=3),
            ExcitationBlock1d(128, 128, 3, pool=3),
            ExcitationBlock1d(128, 128, 3, pool=3),
            ExcitationBlock1d(128, 256, 3, pool=3),
            ExcitationBlock1d(256, 256, 3, pool=3),
            ExcitationBlock1d(256, 256, 3, pool=3),
            ExcitationBlock1d(256, 256, 3, pool=3),
            ExcitationBlock1d(256, 256, 3, pool=3),
            ExcitationBlock1d(256, 256, 3, pool=3),
            ExcitationBlock1d(256, 512, 3, pool=3),
            ExcitationBlock1d(512, 512, 1),
        )
        self.dense = nn.Linear(512, 512)
        self.dense_bn = nn.BatchNorm1d(512)

    def embed(self, waveform: Tensor) -> Tensor:
        """Compute embeddings (batch, 512) from waveforms (batch, 59049)."""
        x = self.blocks(waveform[:, None]).squeeze(2)
        return torch.relu(self.dense_bn(self.dense(x)))
