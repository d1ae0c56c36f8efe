import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray
from signals import decibels, sine

from taggram.deform import DEFORMATIONS, compress

RATE = 16000
# The arguments that MUDA gives to sox.
SOX = {
    "radio": "0.01,1 -90,-90,-70,-70,-60,-20,0,0 -5",
    "film-standard": "0.1,0.3 -90,-90,-70,-64,-43,-37,-31,-31,-21,-21,0,-20 0 0 0.1",
    "film-light": "0.1,0.3 -90,-90,-70,-64,-53,-47,-41,-41,-21,-21,0,-20 0 0 0.1",
    "music-standard": "0.1,0.3 -90,-90,-70,-58,-55,-43,-31,-31,-21,-21,0,-20 0 0 0.1",
    "music-light": "0.1,0.3 -90,-90,-70,-58,-65,-53,-41,-41,-21,-21,0,-11 0 0 0.1",
    "speech": "0.1,0.3 -90,-90,-70,-55,-50,-35,-31,-31,-21,-21,0,-20 0 0 0.1",
}


def test_all_presets_are_tested() -> None:
    assert set(DEFORMATIONS["compress"].parameter.extremes) == set(SOX)


@pytest.mark.skipif(not shutil.which("sox"), reason="needs sox")
@pytest.mark.parametrize("preset", SOX)
@pytest.mark.parametrize("peak", [0.02, 0.9, 1.5])
def test_it_is_the_compand_of_sox(preset: str, peak: float, music: NDArray[np.float32], tmp_path: Path) -> None:
    x = (music / np.abs(music).max() * peak).astype(np.float32)
    soundfile.write(tmp_path / "in.wav", x, RATE, subtype="FLOAT")
    out = tmp_path / "out.wav"
    command = ["sox", tmp_path / "in.wav", "-e", "floating-point", "-b", "32", out, "compand", *SOX[preset].split()]
    subprocess.run(command, check=True, capture_output=True)
    theirs, _ = soundfile.read(out, dtype="float32")
    assert np.abs(compress(x, RATE, preset) - theirs).max() < 1e-6


@pytest.mark.parametrize("level", [-60, -50, -40])
def test_soft_becomes_louder_and_loud_softer(level: float) -> None:
    """The transfer curve of "music-standard", which applies to the peaks of a steady tone."""
    x = sine(1000, 3, RATE, 10 ** (level / 20))
    gained = decibels(compress(x, RATE, "music-standard")[-RATE:], x[-RATE:])
    assert gained == pytest.approx(np.interp(level, [-70, -55, -43, -31], [12, 12, 6, 0]), abs=6)
    assert gained > 3


def test_full_scale_becomes_20_db_softer() -> None:
    x = sine(1000, 3, RATE, 1)
    assert -20 < decibels(compress(x, RATE, "music-standard")[-RATE:], x[-RATE:]) < -14
    assert -11 < decibels(compress(x, RATE, "music-light")[-RATE:], x[-RATE:]) < -7
