"""The CNN of Zhang et al. 2016, in the form of Yu's comparison."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor, nn

from taggram.models.architectures.genre_mood_cnn import FRONT_END, SCALE, SEGMENTS
from taggram.models.blocks import use_keras_defaults
from taggram.models.heads import DenseLayers, HeadOptions
from taggram.models.network import Network
from taggram.models.registry import register
from taggram.vocabularies import Vocabulary


class _Block(nn.Sequential):
    """1x1 convolution, ReLU, batch norm."""

    def __init__(self, channels_in: int, channels: int) -> None:
        super().__init__(nn.Conv2d(channels_in, channels, 1), nn.ReLU(), nn.BatchNorm2d(channels, eps=1e-3))


@register
class ZhangCNN(Network):
    """Three 1x1 convolutions with pooling over frequency, then two dense layers.

    Input: as for `genre_mood_cnn`, 128 mel bands x 128 frames. Everywhere the order is layer, ReLU, batch norm.

    ======  ========  ===================  ===============
    block   channels  pool (mel, t)        output (mel, t)
    ======  ========  ===================  ===============
    1       128       (2, 1)               64 x 128
    2       128       (2, 1)               32 x 128
    3       256       (6, 1), max + mean   6 x 128
    ======  ========  ===================  ===============

    The last pooling is the average of max-pooling and average-pooling. The 196,608 values go through dropout and the
    dense layers, the last of which is the embedding; then dropout and the heads.

    Parameters
    ----------
    vocabulary
        The tags, in the order of the outputs.
    heads
        See `genre_mood_cnn`.
    units
        Units of the dense layers; (15,) in the published code's form with one layer.
    """

    front_end = FRONT_END
    segments = SEGMENTS
    paper = "Zhang, Lei, Xu and Xing, Improved music genre classification with convolutional neural networks, 2016"
    deviations = (
        "As in the published code of Yu (Music tagging with convolutional neural network), which has 1 x 1 filters.",
        "32 bands are no multiple of 6: as in that code, the last pooling reaches two bands beyond either edge, "
        "which are not part of the maximum or the mean.",
    )

    def __init__(
        self, vocabulary: Vocabulary, heads: HeadOptions | None = None, units: Sequence[int] = (300, 150)
    ) -> None:
        super().__init__(vocabulary, embedding_size=units[-1], heads=heads)
        self.bn = nn.BatchNorm2d(1, eps=1e-3)
        self.blocks = nn.Sequential(
            *(_Block(1, 128), nn.MaxPool2d((2, 1))), *(_Block(128, 128), nn.MaxPool2d((2, 1))), _Block(128, 256)
        )
        self.max_pool = nn.MaxPool2d((6, 1), padding=(2, 0))
        self.mean_pool = nn.AvgPool2d((6, 1), padding=(2, 0), count_include_pad=False)
        self.dense = DenseLayers(256 * 6 * 128, units, nn.ReLU)
        use_keras_defaults(self)

    def embed(self, spectrogram: Tensor) -> Tensor:
        """Compute embeddings (batch, units) from log-mel-spectrograms (batch, 128, 128)."""
        x = self.blocks(self.bn(spectrogram[:, None] / SCALE))
        pooled: Tensor = (self.max_pool(x) + self.mean_pool(x)) / 2
        embedding: Tensor = self.dense(pooled.flatten(1))
        return embedding
