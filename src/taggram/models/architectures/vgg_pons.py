"""VGG as the musicnn library computes it (Pons and Serra 2019)."""

from __future__ import annotations

from collections import OrderedDict

from torch import Tensor, nn

from taggram.features import FrontEnd
from taggram.models.blocks import use_keras_defaults
from taggram.models.card import Segments
from taggram.models.network import Network
from taggram.models.registry import register
from taggram.vocabularies import Vocabulary

_EPS = 1e-3  # TensorFlow's default for batch norm


class _Block(nn.Sequential):
    """3x3 convolution, ReLU, batch norm, max-pooling, dropout."""

    def __init__(self, channels_in: int, channels: int, pool: nn.MaxPool2d, dropout: float) -> None:
        super().__init__(
            OrderedDict(
                conv=nn.Conv2d(channels_in, channels, 3, padding=1),
                relu=nn.ReLU(),
                bn=nn.BatchNorm2d(channels, eps=_EPS),
                pool=pool,
                dropout=nn.Dropout(dropout),
            )
        )


@register
class VGGPons(Network):
    """Five blocks of 128 3x3 filters.

    Input: 96 mel bands x 187 frames (3 s at 16 kHz, Slaney mel, log10(1 + 10000 x)), batch norm. Everywhere the order
    is convolution, ReLU, batch norm.

    ======  ========  =====================  =================
    block   channels  pool (mel, t)          output (mel, t)
    ======  ========  =====================  =================
    1       128       (1, 4) stride (2, 2)   48 x 92
    2       128       (2, 2)                 24 x 46
    3       128       (2, 2)                 12 x 23
    4       128       (2, 2)                 6 x 11
    5       128       (4, 4)                 1 x 2
    ======  ========  =====================  =================

    The 256 values are the embedding; then one dense layer.

    Parameters
    ----------
    vocabulary
        The tags, in the order of the outputs.
    """

    front_end = FrontEnd(mel_scale="slaney", mel_norm="slaney", log="log10", padding="none")
    segments = Segments(samples=186 * 256 + 512, hop=187 * 256, clip_padding=256)
    paper = "Pons and Serra, musicnn: pre-trained convolutional neural networks for music audio tagging, 2019"
    deviations = (
        "The published program stores the mel-spectrogram as float16; here it is float32 throughout "
        "(the scores of a clip agree within 1e-3).",
        "Frames at the ends of a clip are padded with zeros, as in librosa 0.10 and later, not by reflection.",
    )

    def __init__(self, vocabulary: Vocabulary) -> None:
        super().__init__(vocabulary, embedding_size=256, dropout=0.5)
        self.bn = nn.BatchNorm2d(1, eps=_EPS)
        self.blocks = nn.Sequential(
            _Block(1, 128, nn.MaxPool2d((1, 4), stride=2), 0.25),
            _Block(128, 128, nn.MaxPool2d(2), 0.25),
            _Block(128, 128, nn.MaxPool2d(2), 0.25),
            _Block(128, 128, nn.MaxPool2d(2), 0.25),
            _Block(128, 128, nn.MaxPool2d(4), 0.0),
        )
        use_keras_defaults(self)

    def embed(self, spectrogram: Tensor) -> Tensor:
        """Compute embeddings (batch, 256) from log-mel-spectrograms (batch, 96, 187)."""
        x: Tensor = self.blocks(self.bn(spectrogram[:, None]))
        # The published weights expect (time, mel, channel).
        return x.permute(0, 3, 2, 1).flatten(1)
