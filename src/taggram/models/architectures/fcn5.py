"""FCN-5: fully convolutional network (Choi et al. 2016), in the form that MsE-CNN is compared with."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from torch import Tensor, nn

from taggram.features import FrontEnd
from taggram.models.blocks import ConvELUBlock, check_channels, use_keras_defaults
from taggram.models.card import Segments
from taggram.models.network import Network
from taggram.models.registry import register
from taggram.vocabularies import Vocabulary

MELS = 96
CHANNELS = (64, 128, 128, 128, 64)
POOLS = ((2, 4), (2, 4), (2, 4), (3, 5), (4, 4))
SAMPLES = 1365 * 256  # 29.12 s at 12 kHz
SEGMENTS = Segments(samples=SAMPLES, hop=SAMPLES)

Log = Literal["db", "amplitude_db"]


def front_end(log: Log) -> FrontEnd:
    """Return the front end: 96 mel bands, 1366 frames in 29.12 s."""
    if log not in ("db", "amplitude_db"):
        raise ValueError(f"log must be db or amplitude_db, not {log!r}")
    top_db = 80.0 if log == "amplitude_db" else None
    return FrontEnd(sample_rate=12000, n_mels=MELS, mel_scale="slaney", mel_norm="slaney", log=log, top_db=top_db)


@register
class FCN5(Network):
    """Five convolutions with ELU whose pooling reduces 29.12 s of log-mel-spectrogram to one point.

    Input: 96 mel bands x 1366 frames (29.12 s at 12 kHz, Slaney mel, decibels), batch norm of each band.

    ======  ========  ==============  ===============
    block   channels  pool (mel, t)   output (mel, t)
    ======  ========  ==============  ===============
    1       64        (2, 4)          48 x 341
    2       128       (2, 4)          24 x 85
    3       128       (2, 4)          12 x 21
    4       128       (3, 5)          4 x 4
    5       64        (4, 4)          1 x 1
    ======  ========  ==============  ===============

    The 64 channels are the embedding; then one dense layer. `mse_cnn` adds a second path to these layers.

    Parameters
    ----------
    vocabulary
        The tags, in the order of the outputs.
    log
        ``"db"``: 10 log10 x. ``"amplitude_db"``: 20 log10 x, at most 80 below the maximum of the segment.
    channels
        Channels of the five blocks.
    """

    segments = SEGMENTS
    paper = "Choi, Fazekas and Sandler, Automatic tagging using deep convolutional neural networks, 2016"
    deviations = (
        "The network that the published code of Hamidi Ghalehjegh, Vahidzadeh and Baek 2019 compares MsE-CNN with: its "
        "447,922 trainable parameters with 50 tags are these; Keras adds 1,216 running statistics to its total.",
        "The paper does not state the mel scale; librosa's default is taken.",
        "The published code squares the power of a mel band before it computes decibels, see the option log.",
    )

    def __init__(self, vocabulary: Vocabulary, log: Log = "db", channels: Sequence[int] = CHANNELS) -> None:
        check_channels(channels, len(POOLS))
        super().__init__(vocabulary, embedding_size=channels[-1], dropout=0.0, front_end=front_end(log))
        self.bn = nn.BatchNorm1d(MELS, eps=1e-3)
        self.blocks = nn.Sequential(*map(ConvELUBlock, (1, *channels), channels, POOLS))
        use_keras_defaults(self)

    def embed(self, spectrogram: Tensor) -> Tensor:
        """Compute embeddings (batch, 64) from log-mel-spectrograms (batch, 96, 1366)."""
        x: Tensor = self.blocks(self.bn(spectrogram)[:, None])
        return x.flatten(1)
