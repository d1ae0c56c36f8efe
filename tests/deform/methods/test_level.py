"""Gain and clipping."""

import numpy as np
import pytest
from numpy.typing import NDArray
from signals import band_level, decibels, sine

from taggram.deform import gain, hard_clip

RATE = 16000


@pytest.mark.parametrize("level", [-40, -12, 0, 12])
def test_gain_changes_the_level_only(level: float, music: NDArray[np.float32]) -> None:
    y = gain(music, RATE, level)
    assert decibels(y, music) == pytest.approx(level, abs=1e-4)
    assert np.allclose(y / 10 ** (level / 20), music, atol=1e-6)


@pytest.mark.parametrize("depth", [3, 12, 40])
@pytest.mark.parametrize("sign", [1, -1])
def test_clipping_limits_the_samples_and_keeps_the_others(depth: float, sign: int, music: NDArray[np.float32]) -> None:
    music = sign * music
    y = hard_clip(music, RATE, depth)
    limit = np.abs(music).max() * 10 ** (-depth / 20)
    assert np.abs(y).max() == pytest.approx(limit, rel=1e-6)
    below = np.abs(music) < limit * (1 - 1e-6)
    assert 0 < below.mean() < 1
    assert np.array_equal(y[below], music[below])


def test_clipping_adds_odd_harmonics() -> None:
    x = sine(500, 2, RATE)
    y = hard_clip(x, RATE, 12)
    third, second = band_level(y, RATE, 1450, 1550), band_level(y, RATE, 950, 1050)
    assert third > band_level(y, RATE, 450, 550) - 20 > second + 40
    assert np.array_equal(hard_clip(x, RATE, 0), x)
