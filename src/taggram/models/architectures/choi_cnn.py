"""The CNN of Choi et al. 2016, in the form of Yu's comparison."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor, nn
from torch.nn import functional

from taggram.models.architectures.genre_mood_cnn import FRONT_END, SCALE, SEGMENTS
from taggram.models.blocks import use_keras_defaults
from taggram.models.heads import DenseLayers, HeadOptions
from taggram.models.network import Network
from taggram.models.registry import register
from taggram.vocabularies import Vocabulary

CHANNELS = (32, 128, 128, 192, 256)
POOLS = ((1, 2), (1, 2), (1, 2), (3, 5), (4, 4))


class _Block(nn.Module):
    """3x3 convolution with stride 3, ELU, batch norm, max-pooling; each pads to a multiple of its stride."""

    def __init__(self, channels_in: int, channels: int, pool: tuple[int, int]) -> None:
        super().__init__()
        self.conv = nn.Conv2d(channels_in, channels, 3, stride=3)
        self.bn = nn.BatchNorm2d(channels, eps=1e-3)
        self.pool = nn.MaxPool2d(pool)
        self.size = pool

    def forward(self, x: Tensor) -> Tensor:
        y = self.bn(functional.elu(self.conv(_pad(x, (3, 3), 0.0))))
        z: Tensor = self.pool(_pad(y, self.size, -float("inf")))
        return z


def _pad(x: Tensor, step: tuple[int, int], value: float) -> Tensor:
    """Pad mels and frames to multiples of a step, evenly, with the odd one at the end."""
    mels, frames = (-size % by for size, by in zip(x.shape[2:], step, strict=True))
    return functional.pad(x, (frames // 2, frames - frames // 2, mels // 2, mels - mels // 2), value=value)


@register
class ChoiCNN(Network):
    """Five convolutions with stride 3 and max-pooling.

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
        Units of the dense layers. One layer has ReLU; several, (300, 20) in the published code, have ELU.
    """

    front_end = FRONT_END
    segments = SEGMENTS
    paper = "Choi, Fazekas and Sandler, Convolutional recurrent neural networks for music classification, 2016"
    deviations = (
        "As in the published code of Yu (Music tagging with convolutional neural network), which has strides of 3.",
        "Where a stride or a pool does not fit, edges are padded as in that code; the last pools have a single point.",
    )

    def __init__(self, vocabulary: Vocabulary, heads: HeadOptions | None = None, units: Sequence[int] = (10,)) -> None:
        super().__init__(vocabulary, embedding_size=units[-1], heads=heads)
        self.bn = nn.BatchNorm2d(1, eps=1e-3)
        self.blocks = nn.Sequential(*map(_Block, (1, *CHANNELS), CHANNELS, POOLS))
        self.dense = DenseLayers(CHANNELS[-1], units, nn.ReLU if len(units) == 1 else nn.ELU)
        use_keras_defaults(self)

    def embed(self, spectrogram: Tensor) -> Tensor:
        """Compute embeddings (batch, units) from log-mel-spectrograms (batch, 128, 128)."""
        x = self.blocks(self.bn(spectrogram[:, None] / SCALE))
        embedding: Tensor = self.dense(x.flatten(1))
        return embedding
