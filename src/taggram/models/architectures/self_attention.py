"""Self-attention: convolutions, then a Transformer over time (Won et al. 2019), in the form of Won et al. 2020."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from taggram.features import FrontEnd
from taggram.models.blocks import ResidualBlock
from taggram.models.card import Segments
from taggram.models.network import Network
from taggram.models.registry import register
from taggram.vocabularies import Vocabulary

_WIDTH, _HEADS, _INNER = 256, 8, 1024
_EPS = 1e-12  # BERT's for layer norm
_DROPOUT, _ATTENTION_DROPOUT = 0.4, 0.5


class TransformerLayer(nn.Module):
    """Self-attention, then dense layers with GELU, each with shortcut and layer norm (Vaswani et al. 2017)."""

    def __init__(self) -> None:
        super().__init__()
        self.query = nn.Linear(_WIDTH, _WIDTH)
        self.key = nn.Linear(_WIDTH, _WIDTH)
        self.value = nn.Linear(_WIDTH, _WIDTH)
        self.attended = nn.Linear(_WIDTH, _WIDTH)
        self.attended_norm = nn.LayerNorm(_WIDTH, eps=_EPS)
        self.inner = nn.Linear(_WIDTH, _INNER)
        self.outer = nn.Linear(_INNER, _WIDTH)
        self.outer_norm = nn.LayerNorm(_WIDTH, eps=_EPS)
        self.dropout = nn.Dropout(_DROPOUT)

    def forward(self, x: Tensor) -> Tensor:
        """Apply the layer to (batch, steps, 256)."""
        query, key, value = (
            dense(x).unflatten(2, (_HEADS, -1)).transpose(1, 2) for dense in (self.query, self.key, self.value)
        )
        dropout = _ATTENTION_DROPOUT if self.training else 0.0
        heads = functional.scaled_dot_product_attention(query, key, value, dropout_p=dropout)
        x = self.attended_norm(x + self.dropout(self.attended(heads.transpose(1, 2).flatten(2))))
        y: Tensor = self.outer_norm(x + self.dropout(self.outer(functional.gelu(self.inner(x)))))
        return y


@register
class SelfAttention(Network):
    """Residual blocks, whose output is one mel band and 118 steps in time, then two Transformer layers.

    Input: 128 mel bands x 938 frames (15 s at 16 kHz, HTK mel, decibels), batch norm.

    ===========  ========  ===============  =================
    part         channels  stride (mel, t)  output (mel, t)
    ===========  ========  ===============  =================
    block 1      128       (2, 2)           64 x 469
    block 2      128       (2, 2)           32 x 235
    block 3      256       (2, 2)           16 x 118
    block 4      256       (2, 1)           8 x 118
    block 5      256       (2, 1)           4 x 118
    block 6      256       (2, 1)           2 x 118
    block 7      256       (2, 1)           1 x 118
    Transformer  256       8 heads          119 steps
    ===========  ========  ===============  =================

    The Transformer has one step more: a fixed token in front, whose output goes through a dense layer (tanh). Its 256
    units are the embedding; then dropout and the last dense layer.

    Parameters
    ----------
    vocabulary
        The tags, in the order of the outputs.
    """

    front_end = FrontEnd(n_mels=128)
    segments = Segments(samples=15 * 16000, hop=15 * 16000)
    paper = "Won, Chun and Serra, Toward interpretable music tagging with self-attention, 2019"
    deviations = (
        "As in the published code of Won et al. 2020: no encoding of positions, and the token in front is not learned: "
        "NumPy's first 256 numbers from seed 0.",
    )

    def __init__(self, vocabulary: Vocabulary) -> None:
        super().__init__(vocabulary, embedding_size=_WIDTH)
        self.bn = nn.BatchNorm2d(1)
        self.blocks = nn.Sequential(
            ResidualBlock(1, 128, stride=(2, 2)),
            ResidualBlock(128, 128, stride=(2, 2)),
            ResidualBlock(128, 256, stride=(2, 2)),
            ResidualBlock(256, 256, stride=(2, 1)),
            ResidualBlock(256, 256, stride=(2, 1)),
            ResidualBlock(256, 256, stride=(2, 1)),
            ResidualBlock(256, 256, stride=(2, 1)),
        )
        token = np.random.RandomState(0).rand(_WIDTH)
        self.register_buffer("token", torch.from_numpy(token).float(), persistent=False)
        self.token: Tensor
        self.transformer = nn.Sequential(TransformerLayer(), TransformerLayer())
        self.dense = nn.Linear(_WIDTH, _WIDTH)

    def embed(self, spectrogram: Tensor) -> Tensor:
        """Compute embeddings (batch, 256) from log-mel-spectrograms (batch, 128, 938)."""
        steps = self.blocks(self.bn(spectrogram[:, None])).squeeze(2).transpose(1, 2)
        token = self.token.to(steps.dtype).expand(steps.shape[0], 1, -1)
        steps = self.transformer(torch.cat([token, steps], dim=1))
        return torch.tanh(self.dense(steps[:, 0]))
