"""A CNN of four convolutions, with four normalizations of its input (Nair and Bradley)."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from typing import Literal

from torch import Tensor, nn

from taggram.features import FrontEnd
from taggram.models.blocks import check_channels
from taggram.models.card import Segments
from taggram.models.network import Network
from taggram.models.registry import register
from taggram.vocabularies import Vocabulary

CHANNELS = (128, 384, 768, 2048)
POOLS = ((2, 4), (2, 4), (2, 6), (1, 7))
N_FFT, HOP, FRAMES = 1024, 512, 909
SAMPLES = N_FFT + (FRAMES - 1) * HOP  # 29.12 s at 16 kHz

Normalization = Literal["data", "band", "segment", "power"]


def front_end(normalize: Normalization, mean: float = 0.0, std: float = 1.0) -> FrontEnd:
    """Return the front end: 40 mel bands, 909 frames in 29.12 s."""
    return FrontEnd(
        n_fft=N_FFT,
        hop=HOP,
        n_mels=40,
        mel_scale="slaney",
        mel_norm="slaney",
        padding="none",
        normalize=normalize,
        mean=mean,
        std=std,
    )


class _Block(nn.Sequential):
    """3x3 convolution without padding, batch norm, ReLU, max-pooling, dropout."""

    def __init__(
        self, channels_in: int, channels: int, pool: tuple[int, int], batch_norm: bool, dropout: float
    ) -> None:
        super().__init__(
            OrderedDict(
                conv=nn.Conv2d(channels_in, channels, 3),
                bn=nn.BatchNorm2d(channels) if batch_norm else nn.Identity(),
                relu=nn.ReLU(),
                pool=nn.MaxPool2d(pool),
                dropout=nn.Dropout(dropout),
            )
        )


@register
class FourLayerCNN(Network):
    """Four unpadded convolutions whose pooling reduces 29.12 s of log-mel-spectrogram to one point.

    Input: 40 mel bands x 909 frames (29.12 s at 16 kHz, frames of 1024 samples, every 512, Slaney mel,
    decibels), normalized.

    ======  ========  ====================  ==============  ===============
    block   channels  convolved (mel, t)    pool (mel, t)   output (mel, t)
    ======  ========  ====================  ==============  ===============
    1       128       38 x 907              (2, 4)          19 x 226
    2       384       17 x 224              (2, 4)          8 x 56
    3       768       6 x 54                (2, 6)          3 x 9
    4       2048      1 x 7                 (1, 7)          1 x 1
    ======  ========  ====================  ==============  ===============

    The 2048 channels are the embedding; then one dense layer.

    Parameters
    ----------
    vocabulary
        The tags, in the order of the outputs.
    normalize
        By mean and standard deviation of the training set (``"data"``), of each mel band of the segment (``"band"``),
        of the segment (``"segment"``), or of the segment before the logarithm (``"power"``).
    mean, std
        Of the training set, in decibels; training measures them if neither is given.
    batch_norm, dropout
        Batch norm in each block, and dropout after it. False and 0 are the paper's first architecture.
    channels
        Channels of the four blocks.
    """

    segments = Segments(samples=SAMPLES, hop=SAMPLES)
    paper = "Nair and Bradley, Auto-tagging in music using convolutional neural network"
    deviations = (
        "Without padding of the convolutions, the paper's pools give its 1 x 1 exactly; "
        "the 1 x 1 x 2048 that it prints after the third pool is 3 x 9 x 768.",
        "Frames of 1024 samples, every 512, uncentred: a clip of MagnaTagATune, 465,984 samples at 16 kHz, then has "
        "the 909 frames that the paper prints; with frames of 512 samples it would have 910, with centred ones 911. "
        "Mel scale and logarithm, which it does not state, are librosa's, and the share of dropout is 0.5.",
        "With normalization before the logarithm, values below the mean have no logarithm; here they count as 1e-10.",
    )

    def __init__(
        self,
        vocabulary: Vocabulary,
        normalize: Normalization = "data",
        mean: float = 0.0,
        std: float = 1.0,
        batch_norm: bool = True,
        dropout: float = 0.5,
        channels: Sequence[int] = CHANNELS,
    ) -> None:
        check_channels(channels, len(POOLS))
        super().__init__(vocabulary, channels[-1], dropout=0.0, front_end=front_end(normalize, mean, std))
        before = (1, *channels)
        self.blocks = nn.Sequential(
            *(_Block(before[i], channels[i], POOLS[i], batch_norm, dropout) for i in range(len(POOLS)))
        )

    def embed(self, spectrogram: Tensor) -> Tensor:
        """Compute embeddings (batch, 2048) from log-mel-spectrograms (batch, 40, 909)."""
        x: Tensor = self.blocks(spectrogram[:, None])
        return x.flatten(1)
