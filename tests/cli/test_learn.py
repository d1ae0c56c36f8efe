"""``taggram learn``: from a folder of clips to a model that tags."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from command_line import run
from labelled_tones import HERTZ, write_tone, write_tones


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("learn")
    write_tones(folder / "pitch")
    return folder


def test_a_model_is_learned_reported_and_tags(folder: Path, tmp_path: Path) -> None:
    done = run("learn", folder / "pitch", "--out", tmp_path / "model")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines() == [
        "12 clips; cross-validation by artist in at most 5 folds (3 artists)",
        "tag   clips  artists  ROC-AUC              AP                   confused with",
        "high  6      3        1.00 (1.00 to 1.00)  1.00 (1.00 to 1.00)",
        "low   6      3        1.00 (1.00 to 1.00)  1.00 (1.00 to 1.00)",
        "mean                  1.00 (1.00 to 1.00)  1.00 (1.00 to 1.00)",
        "fewer than 12 clips: high, low",
        "",
        "clips by their tag and their highest tag",
        "         1  2",
        "1  high  6  0",
        "2  low   0  6",
        "",
        f"model: {tmp_path / 'model'}",
    ]
    new = write_tone(tmp_path / "new.flac", HERTZ["low"], seed=5)
    tagged = run("tag", new, "--model", tmp_path / "model", "--json")
    assert [entry["tag"] for entry in json.loads(tagged.stdout)["tags"]] == ["low"]


def test_an_installed_model_is_listed(folder: Path) -> None:
    assert run("learn", folder / "pitch", "--name", "tones").returncode == 0
    (line,) = (line for line in run("models", "list", "tones").stdout.splitlines() if line.startswith("tones"))
    assert "12 clips of pitch (the last layer" in run("models", "show", "tones", "--json").stdout
    assert "yes" in line


def test_a_damaged_file_is_one_line_and_the_exit_code_is_1(folder: Path, tmp_path: Path) -> None:
    table = tmp_path / "clips.csv"
    rows = [f"{file},{file.parts[-3]},{file.parent.name}" for file in sorted((folder / "pitch").rglob("*.flac"))]
    rows += ["gone.flac,low,artist 0", f"{write_tone(tmp_path / 'once.flac', 500)},once,x"]
    table.write_text("\n".join(["path,labels,artist", *rows]))
    done = run("learn", table, "--out", tmp_path / "model")
    assert done.returncode == 1
    assert done.stderr.splitlines()[0].startswith("error: ") and "gone.flac does not exist" in done.stderr
    assert "not learned: once (once: only 1 clip, of one artist: add clips of others)" in done.stdout
    assert (tmp_path / "model" / "model.onnx").is_file()


def test_wrong_data_is_one_line(tmp_path: Path) -> None:
    done = run("learn", tmp_path / "nowhere")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == f"error: {tmp_path / 'nowhere'} does not exist: check the path\n"


def test_many_tags_are_reported_without_a_matrix(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    rows = ["path,labels"]
    for tag in range(14):
        for clip in range(2):
            file = write_tone(tmp_path / f"{tag} {clip}.flac", 150 * 1.3**tag, seed=int(rng.integers(1000)))
            rows.append(f"{file},{'long name ' * 5}{tag:02}")
    table = tmp_path / "many.csv"
    table.write_text("\n".join(rows))
    done = run("learn", table, "--out", tmp_path / "model")
    assert done.returncode == 0 and "highest tag" not in done.stdout
    assert "fewer than 12 clips: " in done.stdout and done.stdout.count(" and 4 more") == 1
    assert "long name long name lon…  2" in done.stdout
