"""What is listed: models and architectures."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
from typer.testing import CliRunner

import taggram
from taggram.cli import app
from taggram.models.card import BASELINES
from taggram.models.published import PUBLISHED


def listed(*arguments: str, columns: int = 300) -> str:
    done = CliRunner().invoke(app, ["models", "list", *arguments], env={"COLUMNS": str(columns)})
    assert done.exit_code == 0, done.output
    return done.stdout


def test_all_models_and_all_architectures() -> None:
    models, _, architectures = listed().partition("\n\n")
    assert models.splitlines()[0].split() == ["model", "installed", "tags", "trained", "on"]
    assert {*PUBLISHED, "default"} <= {line.split()[0] for line in models.splitlines()}
    names = [line.split()[0] for line in architectures.splitlines()]
    assert names == ["architecture", *sorted([*taggram.list_architectures(), *BASELINES])]
    assert "Choi, Fazekas and Sandler, Automatic tagging" in architectures


def test_a_pattern_is_for_both() -> None:
    names = [line.split()[0] for line in listed("*_pons*").splitlines() if line]
    assert names == [
        *("model", "musicnn_pons.msd-pons2019", "musicnn_pons.mtat-pons2019"),
        *("vgg_pons.msd-pons2019", "vgg_pons.mtat-pons2019", "architecture", "musicnn_pons", "vgg_pons"),
    ]


def test_what_nobody_has_seen_is_called_unverified() -> None:
    lines = listed("*.m*").splitlines()
    unverified = {line.split()[0] for line in lines if "no, unverified" in line}
    assert unverified == {name for name, entry in PUBLISHED.items() if entry.sha256 is None and ".m" in name}
    assert "short_chunk_cnn.mtat-won2020" in unverified
    assert "fcn.mtat-won2020" not in unverified


def test_a_line_for_each_on_a_narrow_terminal() -> None:
    lines = listed(columns=80).splitlines()
    assert [line.split()[0] for line in lines if line] == [line.split()[0] for line in listed().splitlines() if line]
    assert max(map(len, lines)) == 80
    assert "short_chunk_cnn_res.jamendo-won2020  no, unverified  jamendo   MTG-Jamendo, t..." in lines


def test_lines_are_whole_in_a_pipe(monkeypatch: pytest.MonkeyPatch) -> None:
    def get_terminal_size(stream: int) -> os.terminal_size:
        raise OSError(stream, "not a terminal")

    monkeypatch.setattr(os, "get_terminal_size", get_terminal_size)
    done = CliRunner().invoke(app, ["models", "list"], env={"COLUMNS": None})
    assert done.exit_code == 0 and not any(line.endswith("...") for line in done.stdout.splitlines())


def test_listing_does_not_load_torch() -> None:
    code = "import sys; from taggram.cli import main; sys.argv[1:] = ['models', 'list', '{}']; {}"
    ending = "import atexit; atexit.register(lambda: print('torch' in sys.modules)); main()"
    done = subprocess.run([sys.executable, "-c", code.format("f*", ending)], capture_output=True, text=True)
    lines = done.stdout.splitlines()
    assert lines[-1] == "False", done.stderr
    assert any(line.startswith("four_layer_cnn ") for line in lines)
