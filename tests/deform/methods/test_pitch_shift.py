import numpy as np
import pytest
from numpy.typing import NDArray
from signals import band_level, cents, decibels, frequency, onsets, sine

from taggram.deform import pitch_shift

pytest.importorskip("python_stretch", reason="needs the deform extra")
RATE = 16000


@pytest.mark.parametrize("semitones", [-12, -1, 0.25, 1, 7, 12])
@pytest.mark.parametrize("pitch", [110, 440, 2000])
def test_pitch_moves_to_a_cent_and_level_stays_to_a_decibel(semitones: float, pitch: float) -> None:
    x = sine(pitch, 4, RATE)
    y = pitch_shift(x, RATE, semitones)
    assert len(y) == len(x)
    assert abs(cents(frequency(y, RATE), pitch * 2 ** (semitones / 12))) < 0.1
    assert abs(decibels(y[RATE:-RATE], x[RATE:-RATE])) < 1


@pytest.mark.parametrize("semitones", [-1, 1])
def test_the_tempo_is_kept(semitones: float) -> None:
    x = np.zeros(4 * RATE, np.float32)
    starts = np.arange(0.5, 3.6, 0.5)
    for start in starts:
        x[int(start * RATE) : int(start * RATE) + 800] = sine(1000, 0.05, RATE)
    found = onsets(pitch_shift(x, RATE, semitones), RATE, gap=0.2)
    assert len(found) == len(starts)
    assert np.abs(found - starts).max() < 0.005


def test_a_shift_down_empties_the_highest_frequencies() -> None:
    x = np.random.default_rng(0).normal(0, 0.1, 4 * RATE)
    y = pitch_shift(x, RATE, -12)
    assert band_level(y, RATE, 4200, 8000) < band_level(y, RATE, 3000, 3800) - 50


def test_numbers_of_numpy_are_accepted(music: NDArray[np.float32]) -> None:
    assert np.array_equal(pitch_shift(music, RATE, np.int64(-1)), pitch_shift(music, RATE, -1))
