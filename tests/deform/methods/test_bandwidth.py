"""Low-pass filter and resampling."""

import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray
from signals import band_level, decibels, lag, sine

from taggram.deform import low_pass, resample

RATE = 16000


@pytest.mark.parametrize("frequency", [100, 1000, 2000, 4000, 6000])
def test_the_response_is_butterworths(frequency: float) -> None:
    """With frequencies warped by the bilinear transform."""
    x = sine(frequency, 2, RATE)
    warped = np.tan(np.pi * frequency / RATE) / np.tan(np.pi * 1000 / RATE)
    assert decibels(low_pass(x, RATE, 1000)[RATE:], x[RATE:]) == pytest.approx(-10 * np.log10(1 + warped**4), abs=0.001)


@pytest.mark.skipif(not shutil.which("sox"), reason="needs sox")
@pytest.mark.parametrize("cutoff", [100, 1000, 4000, 7900])
def test_it_is_the_lowpass_of_sox(cutoff: int, music: NDArray[np.float32], tmp_path: Path) -> None:
    soundfile.write(tmp_path / "in.wav", music, RATE, subtype="FLOAT")
    out = tmp_path / "out.wav"
    command = ["sox", tmp_path / "in.wav", "-e", "floating-point", "-b", "32", out, "lowpass", f"{cutoff}"]
    subprocess.run(command, check=True, capture_output=True)
    theirs, _ = soundfile.read(out, dtype="float32")
    assert np.abs(low_pass(music, RATE, cutoff) - theirs).max() < 1e-6


def test_a_cutoff_above_all_frequencies_changes_nothing(music: NDArray[np.float32]) -> None:
    y = low_pass(music, RATE, 8000)
    assert np.array_equal(y, music)
    assert y is not music


@pytest.mark.parametrize("rate", [2000, 8000, 11025])
def test_resampling_loses_what_is_above_half_the_rate(rate: int) -> None:
    x = np.random.default_rng(0).normal(0, 0.1, 4 * RATE)
    y = resample(x, RATE, rate)
    assert band_level(y, RATE, rate / 2, 8000) < band_level(x, RATE, rate / 2, 8000) - 25
    assert band_level(y, RATE, 10, 0.4 * rate) == pytest.approx(band_level(x, RATE, 10, 0.4 * rate), abs=0.05)


def test_a_higher_rate_changes_next_to_nothing(music: NDArray[np.float32]) -> None:
    y = resample(music, RATE, 44100)
    assert lag(y, music) == 0
    assert decibels(y - music, music) < -60
