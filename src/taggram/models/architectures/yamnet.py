"""YAMNet: MobileNet on a log-mel-spectrogram of about a second (Plakal and Ellis 2019)."""

from __future__ import annotations

from collections import OrderedDict

from torch import Tensor, nn

from taggram.features import FrontEnd
from taggram.models.card import Segments
from taggram.models.network import Network
from taggram.models.registry import register
from taggram.vocabularies import Vocabulary

# Channels and stride of each layer after the first.
_SEPARABLE = [(64, 1), (128, 2), (128, 1), (256, 2), (256, 1), (512, 2), *[(512, 1)] * 5, (1024, 2), (1024, 1)]


class _Convolution(nn.Sequential):
    """Convolution without bias, batch norm, ReLU; padded as in TensorFlow: with a stride of 2, only at the far ends."""

    def __init__(self, channels_in: int, channels: int, kernel: int, *, stride: int = 1, groups: int = 1) -> None:
        before, after = (0, 1) if stride == 2 else (kernel // 2, kernel // 2)
        super().__init__(
            OrderedDict(
                pad=nn.ZeroPad2d((before, after, before, after)),
                conv=nn.Conv2d(channels_in, channels, kernel, stride, groups=groups, bias=False),
                bn=nn.BatchNorm2d(channels, eps=1e-4),
                relu=nn.ReLU(),
            )
        )


class _Separable(nn.Sequential):
    """A 3x3 convolution of each channel alone, then a 1x1 convolution of all channels."""

    def __init__(self, channels_in: int, channels: int, stride: int) -> None:
        super().__init__(
            OrderedDict(
                depthwise=_Convolution(channels_in, channels_in, 3, stride=stride, groups=channels_in),
                pointwise=_Convolution(channels_in, channels, 1),
            )
        )


@register
class YAMNet(Network):
    """The layers of MobileNet (Howard et al. 2017): convolutions of single channels alternate with 1x1 convolutions.

    Input: 64 mel bands x 96 frames (0.975 s at 16 kHz, magnitudes, HTK mel from 125 to 7500 Hz, ln(x + 0.001)). Layers
    2 to 14 are pairs of a 3x3 convolution of each channel and a 1x1 convolution of all channels, both with batch norm
    and ReLU.

    ========  ========  ======  ===============
    layer     channels  stride  output (mel, t)
    ========  ========  ======  ===============
    1         32        2       32 x 48
    2         64        1       32 x 48
    3         128       2       16 x 24
    4         128       1       16 x 24
    5         256       2       8 x 12
    6         256       1       8 x 12
    7         512       2       4 x 6
    8 to 12   512       1       4 x 6
    13        1024      2       2 x 3
    14        1024      1       2 x 3
    ========  ========  ======  ===============

    The mean of each of the 1024 channels is the embedding; then one dense layer.

    Parameters
    ----------
    vocabulary
        The tags, in the order of the outputs.
    """

    front_end = FrontEnd(
        win_length=400,
        hop=160,
        n_mels=64,
        f_min=125.0,
        f_max=7500.0,
        mel_slope="mel",
        spectrum="magnitude",
        log="stabilized",
        padding="none",
    )
    segments = Segments(samples=95 * 160 + 400, hop=48 * 160)
    paper = "Plakal and Ellis, YAMNet, github.com/tensorflow/models/tree/master/research/audioset/yamnet, 2019"
    deviations = (
        "Batch norm has a scale, too; the published one only shifts.",
        "The published TensorFlow Lite file rounds the Fourier transform, the mel filters and the inputs of layers to "
        "8 bits; here only its weights are rounded (the mean scores of a clip agree within 0.04).",
        "The last segment of a clip ends with the clip; the published program pads with zeros.",
    )

    def __init__(self, vocabulary: Vocabulary) -> None:
        super().__init__(vocabulary, embedding_size=1024, dropout=0.0)
        channels_in = [32, *(channels for channels, _ in _SEPARABLE)]
        self.layers = nn.Sequential(
            _Convolution(1, 32, 3, stride=2),
            *(_Separable(before, *layer) for before, layer in zip(channels_in, _SEPARABLE, strict=False)),
        )

    def embed(self, spectrogram: Tensor) -> Tensor:
        """Compute embeddings (batch, 1024) from log-mel-spectrograms (batch, 64, 96)."""
        x: Tensor = self.layers(spectrogram[:, None])
        return x.mean((2, 3))
