"""FCN-5: fully convolutional network (Choi et al. 2016), in the form that MsE-CNN is compared with."""

from __future__ import annotations

from torch import Tensor, nn

from taggram.features import FrontEnd
from taggram.models.blocks import ConvELUBlock, use_keras_defaults
from taggram.models.card import Segments
from taggram.models.network import Network
from taggram.models.registry import register
from taggram.vocabularies import Vocabulary

CHANNELS = (64, 128, 128, 128, 64)
POOLS = ((2, 4), (2, 4), (2, 4), (3, 5), (4, 4))
SAMPLES = 1365 * 256  # 29.12 s at 12 kHz
FRONT_END = FrontEnd(sample_rate=12000, mel_scale="slaney", mel_norm="slaney")
SEGMENTS = Segments(samples=SAMPLES, hop=SAMPLES)


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
    """

    front_end = FRONT_END
    segments = SEGMENTS
    paper = "Choi, Fazekas and Sandler, Automatic tagging using deep convolutional neural networks, 2016"
    deviations = (
        "The network that the published code of Hamidi Ghalehjegh, Vahidzadeh and Baek 2019 compares MsE-CNN with: its "
        "447,922 trainable parameters with 50 tags are these; Keras adds 1,216 running statistics to its total.",
        "The paper does not state the mel scale; librosa's default is taken.",
    )

    def __init__(self, vocabulary: Vocabulary) -> None:
        super().__init__(vocabulary, embedding_size=CHANNELS[-1], dropout=0.0)
        self.bn = nn.BatchNorm1d(self.front_end.n_mels, eps=1e-3)
        self.blocks = nn.Sequential(*map(ConvELUBlock, (1, *CHANNELS), CHANNELS, POOLS))
        use_keras_defaults(self)

    def embed(self, spectrogram: Tensor) -> Tensor:
        """Compute embeddings (batch, 64) from log-mel-spectrograms (batch, 96, 1366)."""
        x: Tensor = self.blocks(self.bn(spectrogram)[:, None])
        return x.flatten(1)
