import numpy as np
import pytest
from numpy.typing import NDArray
from signals import band_level, decibels

from taggram.deform import muda_noise, noise

RATE = 16000


@pytest.mark.parametrize("snr", [-10, 0, 20, 60])
def test_the_ratio_is_exact_and_the_noise_white(snr: float, music: NDArray[np.float32]) -> None:
    added = noise(music, RATE, snr).astype(np.float64) - music
    assert decibels(music, added) == pytest.approx(snr, abs=0.01)
    octaves = [band_level(added, RATE, low, low + 1000) for low in range(0, 8000, 1000)]
    assert np.ptp(octaves) < 1


def test_the_ratio_does_not_depend_on_the_level(music: NDArray[np.float32]) -> None:
    assert np.allclose(noise(music / 8, RATE, 10), noise(music, RATE, 10) / 8, rtol=0, atol=1e-7)


def test_a_generator_goes_on_and_a_seed_begins_anew(music: NDArray[np.float32]) -> None:
    rng = np.random.default_rng(3)
    first, second = noise(music, RATE, 10, rng), noise(music, RATE, 10, rng)
    assert not np.array_equal(first, second)
    assert np.array_equal(first, noise(music, RATE, 10, 3))


@pytest.mark.parametrize("weight", [0, 0.1, 0.4, 1])
def test_mudas_weight(weight: float, music: NDArray[np.float32]) -> None:
    """Noise of peak 1, times the maximum of the samples, as in the robustness test of Won et al."""
    added = (muda_noise(music, RATE, weight).astype(np.float64) - (1 - weight) * music) / music.max()
    assert np.abs(added).max() == pytest.approx(weight, abs=1e-6)
    if weight:
        assert abs(np.corrcoef(added, music)[0, 1]) < 0.02
        assert np.ptp([band_level(added, RATE, low, low + 1000) for low in range(0, 8000, 1000)]) < 1
