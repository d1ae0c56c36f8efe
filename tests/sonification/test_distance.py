import numpy as np
import pytest
from numpy.typing import NDArray

from taggram.sonification import log_spectral_distance

RATE = 16000


def test_a_gain_is_its_decibels(music: NDArray[np.float32]) -> None:
    assert log_spectral_distance(music, music, RATE) == 0
    assert log_spectral_distance(music, 2 * music, RATE) == pytest.approx(6.02, abs=0.01)


def test_phases_do_not_matter(music: NDArray[np.float32]) -> None:
    assert log_spectral_distance(music, -music, RATE) < 1e-3


def test_silence_is_60_db_below_the_maximum_at_most(music: NDArray[np.float32]) -> None:
    silence = np.zeros_like(music)
    assert log_spectral_distance(silence, silence, RATE) == 0
    assert 20 < log_spectral_distance(music, silence, RATE) <= 60
