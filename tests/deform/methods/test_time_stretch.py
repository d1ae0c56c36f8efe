import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray
from signals import cents, decibels, frequency, onsets, sine

from taggram.deform import time_stretch

pytest.importorskip("python_stretch", reason="needs the deform extra")
RATE = 16000
RATES = [0.5, 2**-0.5, 0.9, 1.2, 2**0.5, 2]


@pytest.mark.parametrize("rate", RATES)
@pytest.mark.parametrize("pitch", [110, 440, 3000])
def test_pitch_is_kept_to_a_cent_and_level_to_a_decibel(rate: float, pitch: float) -> None:
    x = sine(pitch, 4, RATE)
    y = time_stretch(x, RATE, rate)
    assert len(y) == round(len(x) / rate)
    assert abs(cents(frequency(y, RATE), pitch)) < 0.1
    inner = slice(len(y) // 8, -len(y) // 8)
    assert abs(decibels(y[inner], x[len(x) // 8 : -len(x) // 8])) < 1


@pytest.mark.parametrize("rate", RATES)
def test_onsets_move_with_the_tempo(rate: float) -> None:
    x = np.zeros(4 * RATE, np.float32)
    starts = np.arange(0.5, 3.6, 0.5)
    for start in starts:
        x[int(start * RATE) : int(start * RATE) + 800] = sine(1000, 0.05, RATE)
    found = onsets(time_stretch(x, RATE, rate), RATE, gap=0.2 / rate)
    assert len(found) == len(starts)
    assert np.abs(found - starts / rate).max() < 0.005


@pytest.mark.skipif(not shutil.which("rubberband"), reason="needs rubberband, the command of Rubber Band")
@pytest.mark.parametrize("rate", [2**-0.5, 2**0.5])
def test_the_spectrum_is_that_of_rubber_band(rate: float, music: NDArray[np.float32], tmp_path: Path) -> None:
    source, target = tmp_path / "in.wav", tmp_path / "out.wav"
    soundfile.write(source, music, RATE, subtype="FLOAT")
    command = ["rubberband", "--quiet", "--fine", "--tempo", f"{rate}", source, target]
    subprocess.run(command, check=True, capture_output=True)
    theirs, _ = soundfile.read(target)
    ours = time_stretch(music, RATE, rate)
    assert abs(len(ours) - len(theirs)) <= RATE // 100
    assert abs(decibels(ours, theirs)) < 1
    for low, high in ((100, 400), (400, 1600), (1600, 4000)):
        spectra = [np.abs(np.fft.rfft(y, 2 * len(ours))) ** 2 for y in (ours, theirs)]
        frequencies = np.fft.rfftfreq(2 * len(ours), 1 / RATE)
        ours_power, their_power = (s[(frequencies >= low) & (frequencies < high)].sum() for s in spectra)
        assert abs(10 * np.log10(ours_power / their_power)) < 1.5
