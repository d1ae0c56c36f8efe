"""A store of tones in memory, with the labels low and high."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import torch
from torch import Tensor, nn

from taggram.audio import fill
from taggram.features import FrontEnd
from taggram.models.card import Segments
from taggram.models.heads import HeadOptions
from taggram.models.network import Network
from taggram.training import Recipe
from taggram.vocabularies import Vocabulary

RATE = 16000
RECIPE = """
name: tiny.tones
data:
  store: tones
  validation_segments: 2
model:
  architecture: tiny
optim:
  epochs: 4
  batch_size: 4
  optimizer: {kind: adam, lr: 1e-2}
"""


@dataclass(frozen=True)
class ToneClip:
    id: str
    split: str
    labels: tuple[str, ...]
    length: int


@dataclass
class Tones:
    """Clips of 2 to 5 s, so that some are shorter than a segment."""

    train: int = 10
    valid: int = 4
    sample_rate: int = RATE
    clips: list[ToneClip] = field(default_factory=list)

    def __post_init__(self) -> None:
        for i in range(self.train + self.valid):
            split = "train" if i < self.train else "valid"
            labels = ("low",) if i % 2 else ("high", "rare") if i == 0 else ("high",)
            self.clips.append(ToneClip(f"clip {i}", split, labels, (2 + i % 4) * RATE))

    def __len__(self) -> int:
        return len(self.clips)

    def select(self, *, split: str) -> np.ndarray:
        return np.array([i for i, clip in enumerate(self.clips) if clip.split == split], dtype=np.int64)

    def segments(self, clips: np.ndarray, starts: np.ndarray, length: int) -> np.ndarray:
        cut = [
            fill(self.read(i, start, length), length) for i, start in zip(clips.tolist(), starts.tolist(), strict=True)
        ]
        return np.stack(cut)

    def read(self, i: int, start: int = 0, length: int | None = None) -> np.ndarray:
        clip = self.clips[i]
        stop = clip.length if length is None else min(clip.length, start + length)
        frequency = (220 if "low" in clip.labels else 1760) * (1 + i / 100)
        noise = np.random.default_rng(i).standard_normal(clip.length)[start:stop]
        tone = np.sin(2 * np.pi * frequency * np.arange(start, stop) / RATE)
        return (0.3 * tone + 0.01 * noise).astype(np.float32)


class Tiny(Network):
    """One convolution: an architecture that trains in no time."""

    name = "tiny"
    front_end = FrontEnd(n_mels=16, padding="none")
    segments = Segments(samples=RATE * 2 + RATE // 2, hop=RATE, clip_padding=256)
    paper = "none"

    def __init__(self, vocabulary: Vocabulary, channels: int = 4, heads: HeadOptions | None = None) -> None:
        super().__init__(vocabulary, embedding_size=16 * channels, heads=heads)
        self.conv = nn.Conv2d(1, channels, 3, padding=1)
        self.bn = nn.BatchNorm2d(channels)

    def embed(self, spectrogram: Tensor) -> Tensor:
        return torch.relu(self.bn(self.conv(spectrogram[:, None]))).mean(3).flatten(1)


def recipe(**settings: object) -> Recipe:
    return Recipe.parse(RECIPE).replace(**settings)
