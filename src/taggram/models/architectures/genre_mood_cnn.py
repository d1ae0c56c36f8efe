"""A CNN for genre and mood: several heads on a shared dense layer (Yu)."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence

import torch
from torch import Tensor, nn

from taggram.features import FrontEnd
from taggram.models.blocks import use_keras_defaults
from taggram.models.card import Segments
from taggram.models.heads import DenseLayers, HeadOptions
from taggram.models.network import Network
from taggram.models.registry import register
from taggram.vocabularies import Vocabulary

SAMPLES = 127 * 512  # 2.95 s at 22.05 kHz
FRONT_END = FrontEnd(
    sample_rate=22050, n_fft=2048, hop=512, n_mels=128, mel_scale="slaney", mel_norm="slaney", normalize="peak"
)
SEGMENTS = Segments(samples=SAMPLES, hop=SAMPLES)
SCALE = 255.0  # decibels are divided by it


class _Block(nn.Sequential):
    """2x2 convolution, ReLU, batch norm, max-pooling.

    With stride 1, a row and a column of zeros at the end keep the size; with stride 2 there is no pooling.
    """

    def __init__(self, channels_in: int, channels: int, stride: int = 1) -> None:
        super().__init__(
            OrderedDict(
                pad=nn.ZeroPad2d((0, 1, 0, 1)) if stride == 1 else nn.Identity(),
                conv=nn.Conv2d(channels_in, channels, 2, stride),
                relu=nn.ReLU(),
                bn=nn.BatchNorm2d(channels, eps=1e-3),
                pool=nn.MaxPool2d(2) if stride == 1 else nn.Identity(),
            )
        )


@register
class GenreMoodCNN(Network):
    """Four 2x2 convolutions and a dense layer of 15 units that all heads share.

    Input: 128 mel bands x 128 frames (2.95 s at 22.05 kHz, frames of 2048 samples, Slaney mel, decibels below the
    segment's peak, at most 80) / 255, batch norm. Everywhere the order is convolution, ReLU, batch norm.

    ======  ========  ======  ===================  ===============
    block   channels  stride  pool (mel, t)        output (mel, t)
    ======  ========  ======  ===================  ===============
    1       64        1       (2, 2)               64 x 64
    2       128       1       (2, 2)               32 x 32
    3       256       1       (2, 2)               16 x 16
    4       512       2       (2, 2), max + mean   4 x 4
    ======  ========  ======  ===================  ===============

    The last pooling is the average of max-pooling and average-pooling. The 8192 values go through dropout and the
    dense layer (ReLU, batch norm), which is the embedding; then dropout and the heads, which are one dense layer.

    Parameters
    ----------
    vocabulary
        The tags, in the order of the outputs.
    heads
        From the name of a head to its kind (``softmax``, ``sigmoid`` or ``regression``), tags and weight, see
        `taggram.models.heads`; the paper's are ``genre`` and ``mood``, both ``softmax``. None: a sigmoid for each tag.
    units
        Units of the dense layers.
    """

    front_end = FRONT_END
    segments = SEGMENTS
    paper = "Yu, Music tagging with convolutional neural network"
    deviations = (
        "Only the last pooling is averaged, as in the published code; the paper does not state which ones are.",
        "Frames at the ends of a segment are padded by reflection, as in librosa at the time.",
    )

    def __init__(self, vocabulary: Vocabulary, heads: HeadOptions | None = None, units: Sequence[int] = (15,)) -> None:
        super().__init__(vocabulary, embedding_size=units[-1], heads=heads)
        self.bn = nn.BatchNorm2d(1, eps=1e-3)
        self.blocks = nn.Sequential(_Block(1, 64), _Block(64, 128), _Block(128, 256), _Block(256, 512, stride=2))
        self.max_pool, self.mean_pool = nn.MaxPool2d(2), nn.AvgPool2d(2)
        self.dense = DenseLayers(512 * 4 * 4, units, nn.ReLU)
        use_keras_defaults(self)

    def embed(self, spectrogram: Tensor) -> Tensor:
        """Compute embeddings (batch, units) from log-mel-spectrograms (batch, 128, 128)."""
        x = self.blocks(self.bn(spectrogram[:, None] / SCALE))
        pooled = torch.add(self.max_pool(x), self.mean_pool(x)) / 2
        embedding: Tensor = self.dense(pooled.flatten(1))
        return embedding
