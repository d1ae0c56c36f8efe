"""The network of Choi et al., in the form in which Yu compares with it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from torch import Tensor, nn
from torch.nn import functional

from taggram.models.architectures.genre_mood_cnn import FRONT_END, SCALE, SEGMENTS
from taggram.models.heads import DenseLayers, HeadOptions
from taggram.models.network import Network
from taggram.models.registry import register

if TYPE_CHECKING:
    from jaxtyping import Float

    from taggram.vocabularies import Vocabulary

CHANNELS = (32, 128, 128, 192, 256)
POOLS = ((1, 2), (1, 2), (1, 2), (3, 5), (4, 4))


class _Block(nn.Module):
    """3x3 convolution with stride 3, ELU, batch norm, max-pooling; what does not fit is padded."""

    def __init__(self, channels_in: int, channels: int, pool: tuple[int, int]) -> None:
        super().__init__()
        self.conv = nn.Conv2d(channels_in, channels, 3, stride=3)
        self.bn = nn.BatchNorm2d(channels, eps=1e-3)
        self.pool = nn.MaxPool2d(pool)
        self.size = pool

    def forward(self, x: Float[Tensor, "batch channels_in mels frames"]) -> Float[Tensor, "batch channels m f"]:
        y = self.bn(functional.elu(self.conv(_filled(x, (3, 3), 0.0))))
        z: Tensor = self.pool(_filled(y, self.size, -float("inf")))
        return z


def _filled(x: Tensor, step: tuple[int, int], value: float) -> Tensor:
    """Pad both axes to a multiple of a step, evenly, with the odd one at the end."""
    mels, frames = (-size % by for size, by in zip(x.shape[2:], step, strict=True))
    return functional.pad(x, (frames // 2, frames - frames // 2, mels // 2, mels - mels // 2), value=value)


@register
class ChoiCNN(Network):
    """Five convolutions with stride 3, after which little is left to pool.

    Input: as for `genre_mood_cnn`, 128 mel bands x 128 frames. Everywhere the order is convolution, ELU, batch norm,
    max-pooling.

    ======  ========  ===================  ==============  ===============
    block   channels  convolved (mel, t)   pool (mel, t)   output (mel, t)
    ======  ========  ===================  ==============  ===============
    1       32        43 x 43              (1, 2)          43 x 22
    2       128       15 x 8               (1, 2)          15 x 4
    3       128       5 x 2                (1, 2)          5 x 1
    4       192       2 x 1                (3, 5)          1 x 1
    5       256       1 x 1                (4, 4)          1 x 1
    ======  ========  ===================  ==============  ===============

    The 256 values go through dropout and a dense layer (ReLU, batch norm), which is the embedding; then dropout and
    the heads.

    Parameters
    ----------
    vocabulary
        The tags, in the order of the outputs.
    heads
        See `genre_mood_cnn`.
    units
        Of the dense layers: with one of them its activation is ReLU; with more, (300, 20) in the published code, ELU.
    """

    front_end = FRONT_END
    segments = SEGMENTS
    paper = "Choi, Fazekas and Sandler, Convolutional recurrent neural networks for music classification, 2016"
    deviations = (
        "As in the published code of Yu (Music tagging with convolutional neural network), which has strides of 3.",
        "Where a stride or a pool does not fit, edges are padded as in that code; the last pools see a single point.",
    )

    def __init__(self, vocabulary: Vocabulary, heads: HeadOptions | None = None, units: Sequence[int] = (10,)) -> None:
        super().__init__(vocabulary, embedding_size=units[-1], heads=heads)
        self.bn = nn.BatchNorm2d(1, eps=1e-3)
        self.blocks = nn.Sequential(*map(_Block, (1, *CHANNELS), CHANNELS, POOLS))
        self.dense = DenseLayers(CHANNELS[-1], units, nn.ReLU if len(units) == 1 else nn.ELU)

    def embed(self, spectrogram: Float[Tensor, "batch 128 128"]) -> Float[Tensor, "batch units"]:
        """Compute the embedding of segments from their log-mel-spectrograms."""
        x = self.blocks(self.bn(spectrogram[:, None] / SCALE))
        embedding: Tensor = self.dense(x.flatten(1))
        return embedding
