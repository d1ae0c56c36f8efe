"""A packed store of tones, low or high, in the splits train, valid and test."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import soundfile

from taggram.datasets import ClipIndex, ClipInfo, pack

RATE = 16000


def write_tones(folder: Path, splits: dict[str, int], seconds: float = 3.5, rate: int = RATE) -> ClipIndex:
    """Write audio files into a folder, half of each split low and half high, and return their index."""
    rng, clips = np.random.default_rng(0), []
    folder.mkdir(parents=True, exist_ok=True)
    for split, count in splits.items():
        for i in range(count):
            name, label = f"{split}-{i}", ("low", "high")[i % 2]
            frequency = (220 if label == "low" else 2500) * rng.uniform(0.9, 1.1)
            tone = 0.3 * np.sin(2 * np.pi * frequency * np.arange(int(seconds * rate)) / rate)
            soundfile.write(folder / f"{name}.wav", tone + 0.01 * rng.standard_normal(len(tone)), rate)
            clips.append(ClipInfo(name, f"{name}.wav", split=split, labels=(label,)))
    return ClipIndex(folder, tuple(clips))


def pack_tones(store: Path, splits: dict[str, int], sample_rate: int = RATE) -> None:
    """Write audio files beside a store, and pack them into it."""
    pack(write_tones(store.with_name(f"{store.name}-audio"), splits), store, sample_rate=sample_rate)
