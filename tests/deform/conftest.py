"""Signals whose deformations can be measured."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

RATE = 16000


@pytest.fixture(scope="session")
def music() -> NDArray[np.float32]:
    """Ten seconds at 16 kHz that resemble music: decaying harmonic notes of changing level, twice a second."""
    rng = np.random.default_rng(0)
    time = np.arange(RATE // 2) / RATE
    notes = []
    for _ in range(20):
        pitch, level = 110 * 2 ** (rng.integers(24) / 12), 10 ** (-rng.uniform(0, 30) / 20)
        harmonics = sum(np.sin(2 * np.pi * pitch * k * time) / k for k in range(1, 8))
        notes.append(level * np.minimum(1, 100 * time) * np.exp(-4 * time) * harmonics)
    signal = np.concatenate(notes)
    return (0.9 * signal / np.abs(signal).max()).astype(np.float32)
