"""MUSICNN as Ferraro et al. 2020 configure it, after Pons et al. 2018."""

from __future__ import annotations

from collections import OrderedDict
from typing import Literal

import torch
from torch import Tensor, nn

from taggram.features import FrontEnd
from taggram.models.blocks import use_keras_defaults
from taggram.models.card import Segments
from taggram.models.network import Network
from taggram.models.registry import register
from taggram.vocabularies import Vocabulary

_EPS = 1e-3  # Keras's default for batch norm


class _Vertical(nn.Sequential):
    """Filters that are tall in frequency, ReLU, batch norm, maximum over frequency."""

    def __init__(self, channels: int, mels: int, frames: int, n_mels: int) -> None:
        super().__init__(
            OrderedDict(
                conv=nn.Conv2d(1, channels, (mels, frames), padding=(0, frames // 2)),
                relu=nn.ReLU(),
                bn=nn.BatchNorm2d(channels, eps=_EPS),
                pool=nn.MaxPool2d((n_mels - mels + 1, 1)),
                flatten=nn.Flatten(1, 2),
            )
        )


class _Temporal(nn.Sequential):
    """Filters over time, ReLU, batch norm; `same` keeps the number of frames, one more to the right where even."""

    def __init__(self, channels_in: int, channels: int, frames: int, *, same: bool = True) -> None:
        super().__init__(
            OrderedDict(
                pad=nn.ConstantPad1d(((frames - 1) // 2, frames // 2), 0.0) if same else nn.Identity(),
                conv=nn.Conv1d(channels_in, channels, frames),
                relu=nn.ReLU(),
                bn=nn.BatchNorm1d(channels, eps=_EPS),
            )
        )


@register
class MusicNNFerraro(Network):
    """Six vertical filter shapes for timbre and four horizontal ones for rhythm, and a residual back end.

    Input: mel bands x frames of 3 s (Slaney mel, unit area; 96 x 141 at 12 kHz). Everywhere the order is convolution,
    ReLU, batch norm.

    ===========  ===================================================================  ==========
    part         layers                                                               output
    ===========  ===================================================================  ==========
    vertical     64, 128, 256 filters of 7, 3, 1 frames, 0.9 of the bands tall;       896 x 141
                 as many again, 0.4 of them tall; max over mel
    horizontal   mean over mel, then 32 filters each of length 165, 128, 64, 32       128 x 141
    back         512 filters of length 7, unpadded                                    512 x 135
    ..           512 filters of length 7, residual; max-pooling by 2                  512 x 67
    ..           512 filters of length 7, residual                                    512 x 67
    ..           mean and max over time, dense                                        500
    ===========  ===================================================================  ==========

    The 500 units (ReLU, batch norm) are the embedding; then dropout and the last dense layer.

    Parameters
    ----------
    vocabulary
        The tags, in the order of the outputs.
    n_mels
        Mel bands: 128, 96 and 48 in the paper.
    sample_rate
        12000 or 16000 in the paper, in Hz.
    log
        ``"db"``: 10 log10 x, as in the paper's tables. ``"log10"``: log10(1 + 10000 x).
    seconds
        Length of a segment, at least 1 s.
    """

    paper = (
        "Ferraro, Bogdanov, Serra, Jeon and Yoon, "
        "Music auto-tagging using CNNs and mel-spectrograms with reduced frequency and time resolution, 2020"
    )
    deviations = (
        "Numbers of filters, back end and activations are those of the published code; the paper states the shapes.",
        "Segments of 3 s, as in the paper; the published code cuts 128 frames and swaps the axes of its filters, "
        "so that those for timbre are tall in time.",
        "The published code has decibels of 20 log10 x, at least -200, where the paper has 10 log10 x. Here they are "
        "10 log10 x, at least -100; ReLU and batch norm after the filters remove the factor, but for their biases.",
    )

    def __init__(
        self,
        vocabulary: Vocabulary,
        n_mels: int = 96,
        sample_rate: int = 12000,
        log: Literal["log10", "db"] = "db",
        seconds: float = 3,
    ) -> None:
        if not (n_mels >= 3 and seconds >= 1):
            raise ValueError(f"n_mels must be at least 3 and seconds at least 1, not {n_mels} and {seconds}")
        front_end = FrontEnd(
            sample_rate=sample_rate,
            window="symmetric",  # see `vgg_cnn`
            n_mels=n_mels,
            mel_scale="slaney",
            mel_norm="unit_tri",
            log=log,
            padding="zero",
        )
        samples = round(seconds * sample_rate)
        segments = Segments(samples=samples, hop=samples, any_length=True)
        super().__init__(vocabulary, embedding_size=500, front_end=front_end, segments=segments)
        self.vertical = nn.ModuleList(
            _Vertical(channels, n_mels * tenths // 10, frames, n_mels)
            for tenths in (9, 4)
            for channels, frames in ((64, 7), (128, 3), (256, 1))
        )
        self.horizontal = nn.ModuleList(_Temporal(1, 32, frames) for frames in (165, 128, 64, 32))
        self.first = _Temporal(2 * (64 + 128 + 256) + 4 * 32, 512, 7, same=False)
        self.second, self.third = _Temporal(512, 512, 7), _Temporal(512, 512, 7)
        self.pool = nn.MaxPool1d(2)
        self.pooled_dropout = nn.Dropout(0.5)
        self.dense = nn.Linear(2 * 512, 500)
        self.dense_bn = nn.BatchNorm1d(500, eps=_EPS)
        use_keras_defaults(self)

    def embed(self, spectrogram: Tensor) -> Tensor:
        """Compute embeddings (batch, 500) from log-mel-spectrograms (batch, mels, frames)."""
        mean = spectrogram.mean(1, keepdim=True)
        front = torch.cat([f(spectrogram[:, None]) for f in self.vertical] + [f(mean) for f in self.horizontal], dim=1)
        x = self.first(front)
        x = self.pool(self.second(x) + x)
        x = self.third(x) + x
        pooled = torch.cat([x.mean(2), x.amax(2)], dim=1)
        embedding: Tensor = self.dense_bn(torch.relu(self.dense(self.pooled_dropout(pooled))))
        return embedding
