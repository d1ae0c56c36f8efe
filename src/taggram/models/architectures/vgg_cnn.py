"""VGG-CNN on mel-spectrograms of any resolution (Ferraro et al. 2020)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Literal

from torch import Tensor, nn

from taggram.features import FrontEnd
from taggram.models.blocks import ConvELUBlock, check_channels, use_keras_defaults
from taggram.models.card import Segments
from taggram.models.network import Network
from taggram.models.registry import register
from taggram.vocabularies import Vocabulary

HOP = 256  # samples; longer ones are multiples
SAMPLES = {12000: 1365 * HOP, 16000: 1819 * HOP}  # 29.1 s: 1366 and 1820 frames
CHANNELS = (128, 384, 768, 2048)
POOLS_MEL = {
    128: (2, 4, 4, 4),
    96: (2, 4, 3, 4),
    48: (2, 4, 3, 2),
    32: (2, 2, 3, 2),
    24: (2, 2, 3, 2),
    16: (2, 2, 2, 2),
    8: (2, 2, 2, 1),
}
POOLS_TIME = {  # by sample rate, then by multiple of the hop
    12000: {1: (4, 5, 8, 8), 2: (4, 5, 8, 4), 3: (4, 5, 8, 2), 4: (4, 5, 8, 2), 5: (4, 5, 8, 1), 10: (4, 5, 4, 1)},
    16000: {1: (4, 5, 9, 10), 2: (4, 5, 9, 5), 3: (4, 5, 9, 3), 4: (4, 5, 9, 2), 5: (4, 5, 9, 2), 10: (4, 5, 9, 1)},
}


@register
class VGGCNN(Network):
    """Four convolutions whose pooling reduces 29.1 s to one point, at any resolution of the mel-spectrogram.

    Input: mel bands x frames of 29.1 s at 12 or 16 kHz (Slaney mel, unit area), batch norm. With 96 mel bands, 12 kHz
    and a hop of 256, 96 x 1366:

    ======  ========  ==============  =================
    block   channels  pool (mel, t)   output (mel, t)
    ======  ========  ==============  =================
    1       128       (2, 4)          48 x 341
    2       384       (4, 5)          12 x 68
    3       768       (3, 8)          4 x 8
    4       2048      (4, 8)          1 x 1
    ======  ========  ==============  =================

    Other resolutions have the pools of the paper's Table 3. The 2048 channels are the embedding; then one dense layer.

    Parameters
    ----------
    vocabulary
        The tags, in the order of the outputs.
    n_mels
        Mel bands: 128, 96, 48, 32, 24, 16 or 8.
    hop
        Samples between frames: 256 times 1, 2, 3, 4, 5 or 10.
    sample_rate
        12000 or 16000, in Hz.
    log
        ``"log10"``: log10(1 + 10000 x). ``"db"``: 10 log10 x.
    channels
        Channels of the four blocks.
    """

    paper = (
        "Ferraro, Bogdanov, Serra, Jeon and Yoon, "
        "Music auto-tagging using CNNs and mel-spectrograms with reduced frequency and time resolution, 2020"
    )
    deviations: ClassVar[tuple[str, ...]] = (
        "Pools are those of the paper's Table 3; the output sizes in its Table 1 do not follow from its pools, "
        "and the published code pools some configurations otherwise.",
        "The batch norm of the input is from the published code, as is log10 where the paper writes log.",
        "The published code has decibels of 20 log10 x, at least -200, where the paper has 10 log10 x. Here they are "
        "10 log10 x, at least -100; the batch norm of the input removes the factor.",
        "The pools drop the remainder of each division. With hops of 1, 2, 3, 4, 5 and 10 times 256 samples, the "
        "network sees the first 27.8, 28.3, 22.0, 29.0, 19.6 and 22.2 s of a segment at 12 kHz, and the first 29.1, "
        "28.9, 27.1, 24.6, 29.0 and 28.8 s at 16 kHz; of 32 mel bands, it sees the lower 31.",
    )

    def __init__(
        self,
        vocabulary: Vocabulary,
        n_mels: int = 96,
        hop: int = HOP,
        sample_rate: int = 12000,
        log: Literal["log10", "db"] = "log10",
        channels: Sequence[int] = CHANNELS,
    ) -> None:
        multiples = POOLS_TIME.get(sample_rate, {})
        if n_mels not in POOLS_MEL or hop % HOP or hop // HOP not in multiples or log not in ("log10", "db"):
            raise ValueError(f"no pools for {n_mels} mel bands, a hop of {hop}, {sample_rate} Hz and log {log!r}")
        check_channels(channels, len(CHANNELS))
        front_end = FrontEnd(
            sample_rate=sample_rate,
            window="symmetric",  # Essentia's; with a periodic one, music differs by 0.02 dB on average, 1.2 dB at most
            hop=hop,
            n_mels=n_mels,
            mel_scale="slaney",
            mel_norm="unit_tri",
            log=log,
            padding="zero",
        )
        samples = SAMPLES[sample_rate]
        segments = Segments(samples=samples, hop=samples)
        super().__init__(vocabulary, channels[-1], dropout=0.0, front_end=front_end, segments=segments)
        self.bn = nn.BatchNorm2d(1, eps=1e-3)
        pools = zip(POOLS_MEL[n_mels], multiples[hop // HOP], strict=True)
        self.blocks = nn.Sequential(*map(ConvELUBlock, (1, *channels), channels, pools))
        use_keras_defaults(self)

    def embed(self, spectrogram: Tensor) -> Tensor:
        """Compute embeddings (batch, 2048) from log-mel-spectrograms (batch, mels, frames)."""
        x: Tensor = self.blocks(self.bn(spectrogram[:, None]))
        return x.flatten(1)
