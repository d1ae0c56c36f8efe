"""``taggram sweep``: a table, a page, and an exit code that tells of failures."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from command_line import run
from tone_store import pack_tones

pytest.importorskip("optuna")

RECIPE = """
name: random_forest.tones
data: {store: tones}
model: {architecture: random_forest}
sweep:
  grid:
    model.architecture: [random_forest, knn]
    data.min_positives: [1, 2]
  seeds: [0, 1]
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sweep")
    pack_tones(folder / "tones", {"train": 8, "valid": 4})
    (folder / "a.yaml").write_text(RECIPE)
    return folder


@pytest.fixture(scope="module")
def done(folder: Path) -> subprocess.CompletedProcess[str]:
    return run("sweep", "a.yaml", "--out", "out", cwd=folder)


def test_the_table_has_the_best_first(done: subprocess.CompletedProcess[str]) -> None:
    assert done.returncode == 0, done.stderr
    head, *table, page = done.stdout.splitlines()
    assert head.split() == [*("trial", "architecture", "min_positives", "ROC-AUC", "AP", "validation", "loss", "runs")]
    assert [row.split()[:6] for row in table] == [
        ["0", "random_forest", "1", "1.000", "\N{PLUS-MINUS SIGN}", "0.000"],
        ["1", "random_forest", "2", "1.000", "\N{PLUS-MINUS SIGN}", "0.000"],
        ["2", "knn", "1", "0.500", "\N{PLUS-MINUS SIGN}", "0.000"],
        ["3", "knn", "2", "0.500", "\N{PLUS-MINUS SIGN}", "0.000"],
    ]
    assert page == "out/sweep.html"
    first, second, *_ = done.stderr.splitlines()
    assert first == "trials: 4, trainings: 8; the figures of trials are of the validation split"
    assert second.startswith("trial 0: ROC-AUC 1.000 \N{PLUS-MINUS SIGN} 0.000: model.architecture=random_forest")


def test_the_page_has_table_plots_and_recipe(done: subprocess.CompletedProcess[str], folder: Path) -> None:
    page = (folder / "out" / "sweep.html").read_text()
    assert page.count('class="plot"') == 3  # the ranking, and two settings
    assert "best: model.architecture=random_forest, data.min_positives=1" in page
    assert "Pruned and failed" not in page
    assert "metric: roc_auc" in page


def test_a_failed_training_is_a_line_and_an_exit_code(folder: Path) -> None:
    text = RECIPE.replace("model.architecture: [random_forest, knn]", "data.store: [tones, absent]")
    (folder / "b.yaml").write_text(text)
    done = run("sweep", "b.yaml", "--out", "failed", cwd=folder)
    assert done.returncode == 1
    assert done.stderr.count("error: trial ") == 2 and "absent is no packed store" in done.stderr
    assert [row.split()[-1] for row in done.stdout.splitlines()[3:5]] == ["failed", "failed"]
    page = (folder / "failed" / "sweep.html").read_text()
    assert "Pruned and failed" in page and "absent is no packed store" in page


def test_errors_are_one_line(folder: Path) -> None:
    (folder / "one.yaml").write_text(RECIPE.partition("sweep:")[0])
    for recipe, message in (("one.yaml", "sweep: this key is missing"), ("none.yaml", "No such file")):
        done = run("sweep", recipe, "--out", "nothing", cwd=folder)
        assert (done.returncode, done.stdout) == (1, "")
        assert done.stderr.startswith(f"error: {recipe}: {message}") and len(done.stderr.splitlines()) == 1
    assert not (folder / "nothing").exists()


def test_training_such_a_recipe_names_the_command(folder: Path) -> None:
    done = run("train", "a.yaml", cwd=folder)
    assert done.returncode == 1
    assert done.stderr == "error: a.yaml: sweep: this is the recipe of several trainings; run: taggram sweep a.yaml\n"
