"""``taggram sonify``."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from command_line import run

from taggram.audio import read
from taggram.sonification import model_front_end, sonify


@pytest.fixture
def song(pieces: Path) -> Path:
    return pieces / "piano-prelude.opus"


def test_options_are_passed_on(song: Path, tmp_path: Path) -> None:
    part = "--start", "0:05", "--duration", "1"
    changes = "--mels", 48, "--hop", 512, "--sample-rate", 12000
    done = run("sonify", song, *changes, *part, "--bits", 6, "--seed", 2, "-o", "out.wav", cwd=tmp_path)
    assert (done.returncode, done.stdout, done.stderr) == (0, "out.wav\n", "")
    front_end = model_front_end("default", n_mels=48, hop=512, sample_rate=12000)
    expected = sonify(read(song, 12000, start=5, duration=1), front_end, bits=6, seed=2)
    assert np.array_equal(read(tmp_path / "out.wav"), expected)


def test_at_most_thirty_seconds_at_the_resolution_of_the_default_model(song: Path, tmp_path: Path) -> None:
    done = run("sonify", song, "-o", tmp_path / "out.wav")
    assert (done.returncode, done.stderr) == (0, "")
    front_end = model_front_end("default")
    assert np.array_equal(read(tmp_path / "out.wav"), sonify(read(song, 16000, duration=30), front_end))


def test_a_page_and_a_file(song: Path, tmp_path: Path) -> None:
    done = run("sonify", song, "--duration", 0.5, "--compare", "a.html", "-o", "a.wav", cwd=tmp_path)
    assert (done.returncode, done.stdout, done.stderr) == (0, "a.wav\na.html\n", "")
    assert "64 bands, hop 256, 4 bits" in (tmp_path / "a.html").read_text()


@pytest.mark.parametrize(
    ("arguments", "code", "line"),
    [
        (["song"], 2, "there is nothing to write: give --out, --compare or both"),
        (["song", "-o", "out.wav", "--duration", "0"], 2, "--duration must be above 0"),
        (["song", "-o", "out.wav", "--mels", "0"], 2, "Invalid value for '--mels'"),
        (["song", "-o", "out.wav", "--bits", "17"], 2, "Invalid value for '--bits'"),
        (["song", "-o", "out.mp3"], 1, "error: out.mp3 would be a wav file: give it the suffix .wav"),
        (["song", "--compare", "nowhere/a.html"], 1, "error: nowhere is no folder: create it"),
        (["song", "-o", "out.wav", "-m", "nothing"], 1, "error: no model is named 'nothing'"),
        (["song", "-o", "out.wav", "--start", "100"], 1, "has no audio at 100 s: it lasts 30.00 s"),
        (["missing.mp3", "-o", "out.wav"], 1, "error: missing.mp3 does not exist: check the path"),
    ],
)
def test_errors(arguments: list[str], code: int, line: str, song: Path, tmp_path: Path) -> None:
    done = run("sonify", *(str(song) if word == "song" else word for word in arguments), cwd=tmp_path)
    assert done.returncode == code
    assert line in " ".join(done.stderr.replace("│", " ").split())
    assert code == 2 or len(done.stderr.splitlines()) == 1
    assert not list(tmp_path.iterdir())
