"""A CNN for genre and mood: several heads on a shared dense layer (Yu)."""

from __future__ import annotations

import functools
from collections import OrderedDict
from collections.abc import Sequence
from typing import Literal

import torch
from torch import Tensor, nn

from taggram.features import FrontEnd
from taggram.models.blocks import check_channels, use_keras_defaults
from taggram.models.card import Segments
from taggram.models.heads import DenseLayers, HeadOptions
from taggram.models.network import Network
from taggram.models.registry import register
from taggram.vocabularies import Vocabulary

MELS, HOP = 128, 512
FRONT_END = FrontEnd(
    sample_rate=22050, n_fft=2048, hop=HOP, n_mels=MELS, mel_scale="slaney", mel_norm="slaney", normalize="peak"
)
SCALE = 255.0  # decibels are divided by it


def segments_of(frames: int) -> Segments:
    """Return adjacent segments of so many frames."""
    samples = (frames - 1) * HOP
    return Segments(samples=samples, hop=samples)


SEGMENTS = segments_of(128)  # 2.95 s
POOLINGS: dict[str, tuple[type[nn.Module], ...]] = {
    "max": (nn.MaxPool2d,),
    "mean": (nn.AvgPool2d,),
    "both": (nn.MaxPool2d, nn.AvgPool2d),
}


class _Block(nn.Sequential):
    """Convolution, ReLU, batch norm, max-pooling; `size` is that of the input, (mel, time).

    Zeros at the edges, one more at the end where their number is odd, keep the size divided by the stride.
    """

    def __init__(
        self, channels_in: int, channels: int, size: tuple[int, int], kernel: int, stride: int, pooled: bool
    ) -> None:
        zeros = [max((side - 1) // stride * stride + kernel - side, 0) for side in size]
        (top, bottom), (left, right) = ((total // 2, total - total // 2) for total in zeros)
        super().__init__(
            OrderedDict(
                pad=nn.ZeroPad2d((left, right, top, bottom)) if any(zeros) else nn.Identity(),
                conv=nn.Conv2d(channels_in, channels, kernel, stride),
                relu=nn.ReLU(),
                bn=nn.BatchNorm2d(channels, eps=1e-3),
                pool=nn.MaxPool2d(2) if pooled else nn.Identity(),
            )
        )


def _divided(size: tuple[int, int], stride: int, pooled: bool) -> tuple[int, int]:
    """Return the size of a block's output."""
    mels, frames = (-(-side // stride) // (2 if pooled else 1) for side in size)
    return mels, frames


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
    channels
        Channels of the blocks.
    kernel
        Bands and frames that a filter spans.
    strides
        Strides of the convolutions. A block whose stride is not 1 has no max-pooling of its own; nor has the last
        block, which the last pooling follows.
    frames
        Frames of a segment: 128 are the paper's slices of 3 s, 430 those of 10 s.
    pooling
        The last pooling: ``"max"``, ``"mean"``, or the average of ``"both"``.
    """

    front_end = FRONT_END
    paper = "Yu, Music tagging with convolutional neural network"
    deviations = (
        "Only the last pooling is averaged, as in the published code; the paper does not state which ones are.",
        "Frames at the ends of a segment are padded by reflection, as in librosa at the time.",
    )

    def __init__(
        self,
        vocabulary: Vocabulary,
        heads: HeadOptions | None = None,
        units: Sequence[int] = (15,),
        channels: Sequence[int] = (64, 128, 256, 512),
        kernel: int = 2,
        strides: Sequence[int] = (1, 1, 1, 2),
        frames: int = 128,
        pooling: Literal["max", "mean", "both"] = "both",
    ) -> None:
        if pooling not in POOLINGS:
            raise ValueError(f"pooling must be one of {', '.join(POOLINGS)}, not {pooling!r}")
        if min(kernel, frames - 1, len(units), len(strides), *strides, *units) < 1:
            raise ValueError("kernel, strides and units must be numbers above 0, and frames above 1")
        check_channels(channels, len(strides))
        super().__init__(vocabulary, embedding_size=units[-1], segments=segments_of(frames), heads=heads)
        self.bn = nn.BatchNorm2d(1, eps=1e-3)
        self.blocks, size = nn.Sequential(), (MELS, frames)
        for before, after, stride in zip((1, *channels), channels, strides, strict=False):
            pooled = stride == 1 and len(self.blocks) + 1 < len(channels)
            self.blocks.append(_Block(before, after, size, kernel, stride, pooled))
            size = _divided(size, stride, pooled)
        size = _divided(size, 1, True)
        if not all(size):
            raise ValueError(f"strides {strides} and pooling leave nothing of {MELS} bands x {frames} frames")
        self.pools = nn.ModuleList(pool(2) for pool in POOLINGS[pooling])
        self.dense = DenseLayers(channels[-1] * size[0] * size[1], units, nn.ReLU)
        use_keras_defaults(self)

    def embed(self, spectrogram: Tensor) -> Tensor:
        """Compute embeddings (batch, units) from log-mel-spectrograms (batch, 128, frames)."""
        x = self.blocks(self.bn(spectrogram[:, None] / SCALE))
        pooled = functools.reduce(torch.add, (pool(x) for pool in self.pools)) / len(self.pools)
        embedding: Tensor = self.dense(pooled.flatten(1))
        return embedding
