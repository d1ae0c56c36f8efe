"""``taggram recipes``: the recipes of published experiments are listed, shown and run."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile
from command_line import run as taggram
from command_line import run_process

from taggram.datasets import ClipIndex, ClipInfo, pack
from taggram.training import Recipe, load_recipe

RATE = 16000


def run(folder: Path, *arguments: object) -> subprocess.CompletedProcess[str]:
    return taggram(*arguments, cwd=folder)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a packed store of noise with tags of MagnaTagATune."""
    made = tmp_path_factory.mktemp("recipes")
    rng = np.random.default_rng(0)
    clips = []
    for i in range(8):
        soundfile.write(made / f"{i}.wav", 0.1 * rng.standard_normal(2 * RATE), RATE)
        labels, split = (("guitar", "piano")[i % 2],), "train" if i < 6 else "valid"
        clips.append(ClipInfo(str(i), f"{i}.wav", split=split, labels=labels))
    pack(ClipIndex(made, tuple(clips)), made / "noise-16000", workers=1)
    return made


def test_recipes_are_listed_one_a_line(tmp_path: Path) -> None:
    lines = run(tmp_path, "recipes", "list", "nair/*").stdout.splitlines()
    assert lines[0].split() == ["recipe", "trainings", "published", "in", "is"]
    (line,) = (line for line in lines if line.startswith("nair/batch_norm "))
    assert "  Nair, Table II  " in line
    assert [line.split()[0] for line in lines[1:]] == [name for name in names() if name.startswith("nair/")]
    rows = [json.loads(line) for line in run(tmp_path, "recipes", "list", "--json").stdout.splitlines()]
    assert [row["name"] for row in rows] == names()
    (vgg,) = (row for row in rows if row["name"] == "ferraro2020/vgg_cnn")
    assert (vgg["trainings"], vgg["paper"], vgg["table"]) == (264, "Ferraro 2020", "Table 2, Figure 1")


def names() -> list[str]:
    from taggram.training import list_recipes

    return list_recipes()


def test_what_is_shown_is_a_recipe_with_figures_and_commands(tmp_path: Path) -> None:
    done = run(tmp_path, "recipes", "show", "nair/four_layer_cnn")
    assert Recipe.parse(done.stdout) == load_recipe("nair/four_layer_cnn")
    lines = done.stdout.splitlines()
    assert "# 5 trainings. Rows of the paper, with the published figures:" in lines
    figures = "ROC-AUC (validation) 0.8585, ROC-AUC 0.8629"
    assert f"#    1  normalised across all data, 10 epochs: {figures}" in lines
    assert "#   taggram data pack mtat FOLDER data/mtat-16000 --protocol full --sample-rate 16000" in lines
    assert "#   taggram sweep nair/four_layer_cnn --out runs/nair/four_layer_cnn" in lines
    shown = run(tmp_path, "recipes", "show", "ferraro2020/vgg_cnn").stdout
    assert "# 264 trainings, each row with 3 seeds." in shown


def test_a_recipe_is_run_with_a_store_of_ones_own(folder: Path) -> None:
    done = run(folder, "recipes", "run", "nair/knn", "--store", "noise-{sample_rate}", "--out", "model")
    assert done.returncode == 0, done.stderr
    assert done.stdout == "model\n"
    card = json.loads((folder / "model" / "card.json").read_text())
    assert (card["name"], len(card["vocabulary"]["tags"])) == ("knn.mtat-mine", 50)
    dry = run(folder, "train", "nair/knn", "--dry-run")
    assert dry.stderr == "error: data/mtat-16000 is no packed store: make one with taggram data pack\n"


def test_options_are_those_of_train(tmp_path: Path) -> None:
    options = [
        set(re.findall(r"--[a-z-]+", run(tmp_path, *command, "--help").stdout.split("Options")[1]))
        for command in (["train"], ["recipes", "run"])
    ]
    assert options[1] - options[0] == {"--row", "--store", "--set"} and options[0] <= options[1]


def test_one_row_of_a_grid_is_run(folder: Path) -> None:
    planned = run(folder, "recipes", "run", "nair/four_layer_cnn", "--row", 5, "--store", "noise-16000", "--dry-run")
    assert planned.returncode == 0, planned.stderr
    recipe = Recipe.parse(planned.stdout)
    assert (recipe.model.options["normalize"], recipe.optim.epochs, recipe.sweep) == ("power", 2, None)
    assert "# 6 training clips, 2 validation clips" in planned.stdout


def test_other_settings_are_set(folder: Path) -> None:
    settings = ["--set", "optim.epochs=3", "--set", "data.vocabulary=[guitar]", "--set", "optim.pos_weight="]
    planned = run(folder, "recipes", "run", "nair/batch_norm", "--store", "noise-16000", *settings, "--dry-run")
    assert planned.returncode == 0, planned.stderr
    recipe = Recipe.parse(planned.stdout)
    assert (recipe.optim.epochs, recipe.data.vocabulary, recipe.optim.pos_weight) == (3, ("guitar",), None)
    for setting, code, message in (
        ("optim.epoch=3", 1, "four_layer_cnn.mtat-mine: there is no setting optim.epoch"),
        ("optim.epochs=0", 1, "optim.epochs: Input should be greater than 0"),
        ("optim.epochs", 2, "is not KEY=VALUE"),
    ):
        done = run(folder, "recipes", "run", "nair/batch_norm", "--set", setting)
        assert done.returncode == code
        assert message in done.stderr


def test_errors_are_one_line(tmp_path: Path) -> None:
    for arguments, message in (
        (("show", "nair/kmm"), "there is no recipe named 'nair/kmm'"),
        (("run", "yu2018/grid"), "yu2018/grid has 12 rows; run: taggram sweep yu2018/grid, or choose one: --row 1"),
        (("run", "yu2018/grid", "--row", 13), "yu2018/grid has the rows 1 to 12"),
    ):
        done = run(tmp_path, "recipes", *arguments)
        assert done.returncode == 1
        assert message in done.stderr
        assert len(done.stderr.splitlines()) == 1


def test_missing_extra_is_named() -> None:
    program = "import sys; sys.modules['yaml'] = None; from taggram.cli import main; main()"
    done = run_process("recipes", "list", program=(sys.executable, "-c", program))
    assert done.returncode == 1
    assert "needs the [train] extra: pip install 'taggram[train]'" in done.stderr
