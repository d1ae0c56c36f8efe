import numpy as np
import pytest
from numpy.typing import NDArray
from signals import decibels, lag

from taggram.deform import reverb
from taggram.deform.methods.reverb import impulse_response

RATE = 16000


@pytest.mark.parametrize("seconds", [0.1, 1, 4])
def test_a_click_decays_by_60_db_in_the_reverberation_time(seconds: float) -> None:
    """The decay from -5 to -35 dB of the energy still to come, times two (ISO 3382)."""
    x = np.zeros(round(6 * RATE), np.float32)
    x[0] = 1
    tail = reverb(x, RATE, seconds)[1:].astype(np.float64)
    left = np.cumsum(tail[::-1] ** 2)[::-1]
    decay = 10 * np.log10(left / left[0] + 1e-30)
    time = (np.argmax(decay < -35) - np.argmax(decay < -5)) / RATE * 2
    assert time == pytest.approx(seconds, rel=0.1)


def test_direct_and_reverberant_sound_have_the_same_energy() -> None:
    response = impulse_response(RATE, 1, np.random.default_rng(0))
    assert response[0] == 1
    assert np.sum(response[1:].astype(np.float64) ** 2) == pytest.approx(1, rel=1e-5)
    assert len(response) == RATE + 1


def test_level_and_timing_are_kept(music: NDArray[np.float32]) -> None:
    y = reverb(music, RATE, 1)
    assert decibels(y, music) == pytest.approx(0, abs=0.001)
    assert lag(y, music) == 0
    x = np.append(music[: 5 * RATE], np.zeros(RATE, np.float32))
    assert -40 < decibels(reverb(x, RATE, 1)[-RATE:], x) < -10


def test_it_is_a_convolution(music: NDArray[np.float32]) -> None:
    wet = np.convolve(music[:4000], impulse_response(RATE, 0.1, np.random.default_rng(5)))[:4000]
    wet *= np.linalg.norm(music[:4000]) / np.linalg.norm(wet)
    assert np.allclose(reverb(music[:4000], RATE, 0.1, 5), wet, rtol=0, atol=1e-5)
