"""``taggram deform``."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from command_line import run

from taggram.audio import probe, read
from taggram.deform import DEFORMATIONS, Chain

WITHOUT = """
import sys
sys.modules["python_stretch"] = None
from taggram.cli import main
main()
"""


@pytest.fixture
def song(pieces: Path) -> Path:
    return pieces / "piano-prelude.opus"


def test_deformations_are_applied_in_the_order_given(song: Path, tmp_path: Path) -> None:
    done = run(
        "deform", song, "--gain", "-6", "--hard-clip", 12, "-o", "out.wav", "--gain=6", "--seed", 3, cwd=tmp_path
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "out.wav\n", "")
    rate = probe(song).sample_rate
    assert probe(tmp_path / "out.wav").sample_rate == rate
    expected = Chain.parse("gain=-6,hard_clip=12,gain=6")(read(song, rate), rate, 3)
    assert np.array_equal(read(tmp_path / "out.wav"), expected)


def test_the_seed_is_passed_on(song: Path, tmp_path: Path) -> None:
    for seed in (0, 1, 1):
        done = run("deform", song, "--noise", 20, "-o", tmp_path / f"{seed}.wav", "--seed", seed)
        assert done.returncode == 0
    assert not np.array_equal(read(tmp_path / "0.wav"), read(tmp_path / "1.wav"))
    rate = probe(song).sample_rate
    assert np.array_equal(read(tmp_path / "1.wav"), Chain.parse("noise=20")(read(song, rate), rate, 1))


def test_each_deformation_is_listed_and_has_an_option_with_its_range() -> None:
    listed = run("deform", "--list", COLUMNS="200").stdout
    help_ = run("deform", "--help", COLUMNS="200").stdout
    for name, deformation in DEFORMATIONS.items():
        parameter = deformation.parameter
        (line,) = (line for line in listed.splitlines() if line.split()[0] == name)
        assert str(parameter) in line
        assert set(" ".join(sorted(deformation.changes)).split()) <= set(line.replace(",", "").split())
        (option,) = (line for line in help_.splitlines() if f"│ --{name.replace('_', '-')} " in line)
        assert parameter.name.upper() in option
        limits = [parameter.format(value) for value in parameter.extremes]
        assert "see --list" in option or all(limit in option for limit in limits)


@pytest.mark.parametrize(
    ("arguments", "code", "line"),
    [
        (["song", "-o", "out.wav"], 2, "there is no deformation"),
        (["song", "--gain", "-6"], 2, "Missing option '--out'"),
        (
            ["song", "--gain", "99", "-o", "out.wav"],
            1,
            "error: gain: decibels must be a number from -40 to 12, not '99'",
        ),
        (["song", "--gain", "1", "-o", "out.mp3"], 1, "error: out.mp3 would be a wav file: give it the suffix .wav"),
        (["song", "--gain", "1", "-o", "nowhere/out.wav"], 1, "error: nowhere is no folder: create it"),
        (["missing.mp3", "--gain", "1", "-o", "out.wav"], 1, "error: missing.mp3 does not exist: check the path"),
    ],
)
def test_errors(arguments: list[str], code: int, line: str, song: Path, tmp_path: Path) -> None:
    done = run("deform", *(str(song) if word == "song" else word for word in arguments), cwd=tmp_path)
    assert done.returncode == code
    assert line in " ".join(done.stderr.split())
    assert code == 2 or len(done.stderr.splitlines()) == 1
    assert not list(tmp_path.iterdir())


def test_without_the_extra_it_is_named(song: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-c", WITHOUT, "deform", song, "-o", tmp_path / "out.wav"]
    done = subprocess.run([*command, "--time-stretch", "1.2"], capture_output=True, text=True)
    assert done.returncode == 1
    assert done.stderr.strip() == (
        "error: a time stretch or pitch shift needs the [deform] extra: pip install 'taggram[deform]'"
    )
    assert subprocess.run([*command, "--gain", "-6"], capture_output=True).returncode == 0
