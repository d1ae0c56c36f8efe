"""Verbs: ``tag`` may be left out, near ones are named, and a shell completes models."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile
from command_line import run

import taggram
from taggram.models.published import PUBLISHED

SHORT = ("--json", "--top", "1", "--duration", "3")


@pytest.fixture
def song(pieces: Path, tmp_path: Path) -> Path:
    (tmp_path / "a folder").mkdir()
    song = tmp_path / "a folder" / "song"  # without a suffix: it is a path that exists
    song.symlink_to(pieces / "piano-prelude.opus")
    (tmp_path / "a folder" / "song.opus").symlink_to(song)
    return song


@pytest.mark.parametrize(
    "arguments",
    [
        (*SHORT, "a folder/song"),
        ("a folder/song", *SHORT),
        ("a folder", *SHORT),
        (*SHORT, "a folder"),
        ("*/*.opus", *SHORT),
        ("-", *SHORT),
        (*SHORT, "-"),
    ],
)
def test_audio_without_a_verb_is_tagged(arguments: tuple[str, ...], song: Path, tmp_path: Path) -> None:
    stdin = "a folder/song\n" if "-" in arguments else ""
    done = run(*arguments, stdin=stdin, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stdout == run("tag", *arguments, stdin=stdin, cwd=tmp_path).stdout
    assert json.loads(done.stdout)["path"].startswith("a folder/song")


@pytest.mark.parametrize("arguments", [("missing.MP3",), ("--json", "missing.MP3")])
def test_a_missing_file_with_an_audio_suffix_is_the_error_of_tag(arguments: tuple[str, ...], tmp_path: Path) -> None:
    done = run(*arguments, cwd=tmp_path)
    assert done.returncode == 1
    assert done.stderr.splitlines()[0] == "error: missing.MP3 does not exist: check the path"


def test_verbs_win_over_folders(song: Path, tmp_path: Path) -> None:
    (tmp_path / "models").symlink_to(song.parent)
    assert run("models", "list", cwd=tmp_path).stdout.startswith("model ")
    done = run("--json", "models", cwd=tmp_path)
    assert done.returncode == 2
    assert "No such option: --json" in done.stderr
    assert json.loads(run("./models", *SHORT, cwd=tmp_path).stdout)["path"] == "./models/song.opus"


@pytest.mark.parametrize(
    ("argument", "near"),
    [
        ("tga", "tag"),
        ("Tag", "tag"),
        ("list", "data list or models list or recipes list"),
        ("import", "models import"),
        ("album", ""),
    ],
)
def test_anything_else_gets_near_verbs(argument: str, near: str, tmp_path: Path) -> None:
    done = run(argument, cwd=tmp_path, COLUMNS="200")
    assert done.returncode == 2
    said = f"there is no command, file or folder named '{argument}'"
    assert f" {said}{f'; did you mean {near}?' if near else ''} " in done.stderr
    assert done.stdout == ""


@pytest.mark.parametrize("verb", [[], ["tag"], ["models"], ["models", "show"], ["data", "info"], ["train"]])
def test_h_is_help(verb: list[str]) -> None:
    assert run(*verb, "-h").stdout == run(*verb, "--help").stdout != ""


def test_python_m_taggram() -> None:
    done = subprocess.run([sys.executable, "-m", "taggram", "--version"], capture_output=True, text=True)
    assert done.stdout == f"taggram {taggram.__version__}\n", done.stderr


def complete(words: str) -> list[str]:
    """Return what bash is offered for the last word."""
    return run(_TAGGRAM_COMPLETE="complete_bash", COMP_WORDS=words, COMP_CWORD=str(words.count(" "))).stdout.split()


@pytest.mark.parametrize("verb", ["models show", "models path", "models import", "tag -m", "song.mp3 --model"])
def test_a_shell_completes_names_of_models(verb: str) -> None:
    assert complete(f"taggram {verb} defau") == ["default"]
    assert complete(f"taggram {verb} fcn.") == sorted(name for name in PUBLISHED if name.startswith("fcn."))


def test_a_shell_completes_options_without_a_verb() -> None:
    assert complete("taggram song.mp3 --over") == ["--over-time"]


@pytest.mark.parametrize(
    ("arguments", "near"),
    [
        (["models", "show", "defualt"], "default"),
        (["models", "path", "vgg"], "vgg_pons.msd-pons2019 or vgg_pons.mtat-pons2019"),
        (["models", "import", "fcn.mtat-won2002"], "fcn.mtat-won2020"),
        (["song.mp3", "--model", "Default"], "default"),
    ],
)
def test_an_unknown_model_lists_near_names(arguments: list[str], near: str) -> None:
    done = run(*arguments)
    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 1
    assert f"; did you mean {near}" in done.stderr


def test_short_options(song: Path, tmp_path: Path) -> None:
    short = run("song.opus", "-m", "default", "-n", "2", "-o", "a.png", "--duration", "3", "--json", cwd=song.parent)
    long = run("tag", "song.opus", "--model", "default", "--top", "2", "--duration", "3", "--json", cwd=song.parent)
    assert short.stdout == long.stdout
    assert len(json.loads(short.stdout)["tags"]) == 2
    assert (song.parent / "a.png").read_bytes().startswith(b"\x89PNG")
    assert run("-n", "2", "song.opus", *SHORT[:1], *SHORT[3:], cwd=song.parent).stdout == long.stdout


def test_quiet_shows_errors_only(song: Path, tmp_path: Path) -> None:
    soundfile.write(tmp_path / "silence.wav", np.zeros(16000), 16000)
    done = run("-q", "silence.wav", "missing.wav", cwd=tmp_path)
    assert done.stderr == "error: missing.wav does not exist: check the path\n"
    assert done.returncode == 1
    assert "silence.wav" in done.stdout
    assert "warning: " in run("silence.wav", cwd=tmp_path).stderr


def test_a_device_without_a_backend_is_refused(song: Path) -> None:
    done = run(song, "--device", "cuda", *SHORT)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("error: the model cannot run on cuda: ")
    assert "pip install onnxruntime-gpu" in done.stderr
