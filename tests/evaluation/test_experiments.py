"""Published experiments: rows, figures and commands."""

from __future__ import annotations

import shlex

import pytest
from typer.main import get_command

from taggram.cli import app
from taggram.errors import RecipeError
from taggram.evaluation.experiments import list_experiments, load_experiment
from taggram.evaluation.published import published_results


def test_rows_have_their_published_figures() -> None:
    experiment = load_experiment("ferraro2020/vgg_cnn")
    assert (len(experiment.cells), experiment.trainings) == (88, 264)
    figures = {cell.row: cell.figures for cell in experiment.cells}
    assert list(figures.items())[29] == (
        "96 mel bands, hop \N{MULTIPLICATION SIGN} 2, 12 kHz, dB",
        "ROC-AUC 0.8858 ± 0.0019, PR-AUC 0.3513 ± 0.0046",
    )
    assert list(figures.values())[-1] == ""
    assert sum(map(bool, figures.values())) == 24
    (musicnn,) = (cell for cell in load_experiment("won2020/jamendo").cells if cell.row == "musicnn")
    assert musicnn.figures == "ROC-AUC 0.8521, PR-AUC 0.2791, AP 0.2991, MCC 0.8701 (doubtful)"
    (best,) = load_experiment("nair/batch_norm").cells
    assert best.figures == "ROC-AUC (validation) 0.8655, ROC-AUC 0.8714"


def test_every_figure_of_the_papers_is_in_a_recipe() -> None:
    repeated = {result for experiment in list_experiments() for cell in experiment.cells for result in cell.results}
    models = {(result.dataset, result.model) for result in repeated}
    known = {result for name, _ in models for result in published_results(name)}
    others = {result.model for result in known if (result.dataset, result.model) not in models}
    cited = {  # in Table 1 of Hamidi 2019, from other papers
        *("fcn4", "end-to-end learning", "timbre CNN", "bag of features and RBM", "1D convolutions"),
        *("transfer learning", "multi-scale approach", "pooled MFCC"),
    }
    assert others == cited


def test_one_training_is_that_of_a_row() -> None:
    experiment = load_experiment("yu2018/grid")
    assert experiment.recipe_of(12).optim.optimizer.lr == 0.001
    assert experiment.recipe_of(12).name == "genre_mood_cnn.fma-mine-12"
    assert load_experiment("nair/knn").recipe_of().name == "knn.mtat-mine"
    with pytest.raises(RecipeError, match="has 12 rows; run: taggram sweep yu2018/grid, or choose one: --row 1"):
        experiment.recipe_of()
    with pytest.raises(RecipeError, match="has the rows 1 to 12"):
        experiment.recipe_of(13)


def test_commands_are_understood() -> None:
    verbs = get_command(app).commands
    lines = [line for experiment in list_experiments() for line in experiment.commands()]
    for line in lines:
        if line.startswith("taggram sweep"):
            continue
        _, *words = shlex.split(line)
        command = verbs[words.pop(0)]
        while commands := getattr(command, "commands", {}):
            command = commands[words.pop(0)]
        command.make_context("taggram", words, resilient_parsing=False)
    assert "taggram data pack mtat FOLDER data/mtat-12000 --protocol full --sample-rate 12000" in lines
    assert "taggram recipes run nair/knn --out runs/nair/knn" in lines
    assert "taggram data pack mtat FOLDER data/mtat-188-16000 --protocol full --tags 188 --sample-rate 16000" in lines
