"""Recipes: reading, checks and error messages."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
from tones import RECIPE, Tones, recipe

from taggram import train
from taggram.errors import DatasetError, RecipeError
from taggram.models import create_model
from taggram.training import Recipe, find_recipe, list_recipes, load_recipe, recipe_file
from taggram.training.plan import make_plan, required_sample_rate


@pytest.mark.parametrize(
    ("section", "message"),
    [
        ("epoch: 3", "epoch: no such key"),
        ("optim: {epoch: 3}", "optim.epoch: no such key"),
        ("optim: {epochs: 0}", "optim.epochs: Input should be greater than 0"),
        ("optim: {batch_size: many}", "optim.batch_size: Input should be a valid integer"),
        ("optim: {optimizer: {kind: adam, momentum: 0.9}}", "optim.optimizer.momentum: no such key"),
        ("optim: {optimizer: {kind: adam, lr: -1}}", "optim.optimizer.lr: Input should be greater than 0"),
        ("optim: {optimizer: {lr: 1}}", "optim.optimizer: the key kind is missing"),
        ("optim: {optimizer: lion}", "optim.optimizer: kind must be one of 'adam', 'adamw', 'sgd'"),
        (
            "optim: {schedule: {kind: won, steps: [{epoch: 3, optimizer: {kind: sgd, lr: -1}}]}}",
            "optim.schedule.steps.0.optimizer.lr: Input should be",
        ),
        ("optim: 3", "optim: must be a section, a mapping of keys to values"),
        ("optim: {precision: 16}", "optim.precision: Input should be 32 or 'bf16'"),
        ("data: {store: s, vocabulary: nothing}", "data.vocabulary: no vocabulary is named 'nothing'"),
        (
            "data: {store: s, vocabulary: [a, a]}",
            "data.vocabulary: a vocabulary needs at least one tag and each tag once",
        ),
        ("data: {store: s, vocabulary: [rock, no]}", "data.vocabulary.1: must be text, not false: put it in quotes"),
        ("data: {store: s, vocabulary: [on]}", "data.vocabulary.0: must be text, not true: put it in quotes"),
        ("data: {store: s, vocabulary: [rock, 80]}", "data.vocabulary.1: must be text, not 80: put it in quotes"),
        ("data: {store: s, vocabulary: [a, 8.5]}", "data.vocabulary.1: must be text, not 8.5: put it in quotes"),
        ("data: {store: s, vocabulary: [a, 2026-01-01]}", "data.vocabulary.1: must be text, not 2026-01-01: put it"),
        ("data: {store: s, vocabulary: [rock, ~]}", "data.vocabulary.1: Input should be a valid string"),
        ("data: {store: s, vocabulary: no}", "data.vocabulary: must be text, not false: put it in quotes"),
        (
            "data: {store: s, sources: [{name: a, path: b, labels: [yes]}]}",
            "data.sources.0.labels.0: must be text, not true: put it in quotes",
        ),
        ("data: {store: s, sources: [{name: a, path: b, all: off}]}", "data.sources.0.all: must be text, not false"),
        ("data: {vocabulary: mtat}", "data.store: this key is missing"),
        (
            "data: {store: s, sources: [{name: a, path: b}, {name: a, path: c}]}",
            "data: sources and labels: each needs a unique name",
        ),
        ("distill: {teachers: [{weight: 2}]}", "distill.teachers.0.model: this key is missing"),
        ("distill: {teachers: [{model: a}]}", "data.vocabulary: distillation needs a vocabulary with a name"),
        ("seed: 2147483648", "seed: Input should be less than 2147483648"),
        ("name: ../../tiny", "name: must be the architecture and a name"),
        ("name: fcn.tones", "name: must be the architecture and a name of letters, digits, . and -, as tiny.mine"),
        ("name: tones", "name: must be the architecture and a name"),
        ("name: small_vgg.a/b", "name: must be the architecture and a name"),
        ("seed: [", "not YAML"),
    ],
)
def test_an_error_is_one_line_with_file_and_key(section: str, message: str, tmp_path: Path) -> None:
    file = tmp_path / "a.yaml"
    file.write_text(f"{RECIPE}{section}\n")  # a later section replaces an earlier one
    with pytest.raises(RecipeError) as caught:
        Recipe.read(file)
    assert str(caught.value).startswith(f"{file}: {message}")
    assert "\n" not in str(caught.value)


def test_a_changed_recipe_is_checked() -> None:
    changed = recipe(seed=3, optim={"epochs": 9})
    assert (changed.seed, changed.optim.epochs, changed.optim.batch_size) == (3, 9, 4)
    with pytest.raises(RecipeError, match="tiny.tones: optim.epochs: Input should be greater than 0"):
        recipe(optim={"epochs": 0})


def test_reading_a_recipe_loads_nothing_that_executes() -> None:
    program = """
import sys
from taggram.training import Recipe, find_recipe, list_recipes, load_recipe, recipe_file
Recipe.parse("{name: fcn.x, data: {store: s}, model: {architecture: fcn}}")
print(*{name.partition(".")[0] for name in sys.modules} & {"torch", "lightning_fabric", "onnxruntime", "av"})
print(*(name for name in sys.modules if name.startswith("taggram.")))
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    libraries, modules = done.stdout.splitlines()
    assert not libraries
    rooms = {module.split(".")[1] for module in modules.split()}
    assert rooms == {"training", "vocabularies", "errors", "record", "_delimited", "_text"}


def test_a_file_that_is_no_recipe(tmp_path: Path) -> None:
    with pytest.raises(RecipeError, match="name: this key is missing"):
        Recipe.parse("model: {architecture: tiny}")
    with pytest.raises(RecipeError, match="a mapping of keys to values"):
        Recipe.parse("")
    with pytest.raises(RecipeError, match="not YAML"):
        Recipe.parse(b"\xff\xfe\x00")
    with pytest.raises(RecipeError, match=r"nowhere\.yaml: No such file"):
        Recipe.read(tmp_path / "nowhere.yaml")


def test_the_effective_recipe_has_every_key() -> None:
    made = make_plan(recipe(optim={"schedule": "won"}, data={"min_positives": 2}), Tones()).recipe
    again = Recipe.parse(made.to_yaml())
    assert again == made
    assert again.model_fields_set == set(Recipe.model_fields)
    for section in (again.data, again.model, again.optim, again.augment, again.distill, again.export):
        assert section.model_fields_set == set(type(section).model_fields)
    assert again.data.vocabulary == ("high", "low")


@pytest.mark.parametrize(
    ("settings", "store", "message"),
    [
        ({"model": {"architecture": "fnc"}, "name": "fnc.a"}, Tones(), "model.architecture: must be one of"),
        ({"model": {"options": {"width": 3}}}, Tones(), "model.options: .*'width'"),
        (
            {"optim": {"optimizer": {"kind": "adam", "decay": ["dense.weight"]}}},
            Tones(),
            "optim.optimizer.decay: no parameter is named dense.weight; there are: ",
        ),
        ({"data": {"min_positives": 100}}, Tones(), "data.min_positives: no label has 100 clips"),
        (
            {"data": {"vocabulary": ["High", "Low"]}},
            Tones(),
            "data.vocabulary: no clip in the split 'train' of tones has High, Low; taggram data show",
        ),
        ({}, Tones(valid=0), "data.store: tones has 0 clips in the split 'valid'"),
        (
            {},
            Tones(sample_rate=12000),
            "data.store: tones is packed at 12000 Hz and tiny takes 16000 Hz; pack it again",
        ),
    ],
)
def test_a_recipe_that_does_not_fit_its_store(settings: dict[str, object], store: Tones, message: str) -> None:
    with pytest.raises(RecipeError, match=f"^a.yaml: {message}"):
        make_plan(recipe(**settings), store, "a.yaml")


HEADS = {"a": {"kind": "softmax", "tags": ["x", "y"]}}


@pytest.mark.parametrize(
    ("architecture", "options", "rate"),
    [
        ("tiny", {}, 16000),
        ("genre_mood_cnn", {"heads": HEADS}, 22050),
        ("musicnn_ferraro", {}, 12000),
        ("musicnn_ferraro", {"sample_rate": 16000}, 16000),
        ("random_forest", {}, 16000),
    ],
)
def test_the_rate_depends_on_architecture_and_options(architecture: str, options: dict[str, object], rate: int) -> None:
    named = recipe(name=f"{architecture}.a", model={"architecture": architecture, "options": options})
    assert required_sample_rate(named) == rate


def test_the_recipe_of_the_default_model_is_one(project: Path) -> None:
    read = Recipe.read(project / "recipes" / "default.yaml")
    assert create_model(read.model.architecture, read.data.vocabulary, **read.model.options).front_end.n_mels


SWEEP = """
name: vgg_cnn.mine
data: {store: "data/mine-{sample_rate}"}
model: {architecture: vgg_cnn}
sweep:
  grid:
    - {model.options.n_mels: [96, 48], optim.optimizer.lr: [1e-3, 1e-4]}
    - {model.architecture: [fcn], optim.optimizer.lr: [1e-3, 1e-3]}
"""


def test_a_sweep_is_the_combinations_of_its_grids():
    recipe = Recipe.parse(SWEEP)
    cells = recipe.sweep.cells()
    assert [list(cell.values()) for cell in cells] == [[96, 1e-3], [96, 1e-4], [48, 1e-3], [48, 1e-4], ["fcn", 1e-3]]
    trainings = [recipe.with_values(cell) for cell in cells]
    assert [training.name for training in trainings] == [*["vgg_cnn.mine"] * 4, "fcn.mine"]
    assert [training.model.options for training in trainings] == [*[{"n_mels": 96}] * 2, *[{"n_mels": 48}] * 2, {}]
    assert [training.optim.optimizer.lr for training in trainings] == [1e-3, 1e-4, 1e-3, 1e-4, 1e-3]
    assert not any(training.sweep for training in trainings)


def test_a_setting_of_a_sweep_that_does_not_exist_is_an_error():
    with pytest.raises(RecipeError, match=r"vgg_cnn.mine: there is no setting optim\.rate"):
        Recipe.parse(SWEEP).with_values({"optim.rate": 1})
    with pytest.raises(RecipeError, match=r"optim\.batch_size=1: optim\.batch_size: .*greater than or equal to 2"):
        Recipe.parse(SWEEP).with_values({"optim.batch_size": 1})


@pytest.mark.parametrize(
    ("section", "message"),
    [
        ("{}", "sweep: needs either grid or search"),
        ("{grid: {optim.epochs: [1]}, search: {optim.epochs: [1]}}", "sweep: needs either grid or search"),
        ("{grid: {optim.epochs: []}}", r"sweep\.grid\.optim\.epochs: must not be empty"),
        ("{grid: {optim.epochs: 3}}", r"sweep\.grid\.optim\.epochs: must be a list"),
        ("{search: {optim.epochs: {low: 3, high: 1}}}", r"sweep\.search\.optim\.epochs: low must be below high"),
        ("{search: {optim.optimizer.lr: {low: 0, high: 1, log: true}}}", "low must be above 0"),
        ("{search: {optim.optimizer.lr: {low: 1, high: .inf}}}", r"lr\.high: Input should be a finite number"),
        ("{search: {optim.optimizer.lr: {low: .nan, high: 1}}}", r"lr\.low: Input should be a finite number"),
        ("{grid: {licence: [2026-01-01]}}", r"sweep\.grid\.licence\.0: must be plain data: put 2026-01-01 in quotes"),
        ("{grid: {model.options.a: [[2026-01-01]]}}", r"sweep\.grid\.model\.options\.a\.0: must be plain data"),
        ("{grid: {optim.epochs: [1]}, seeds: [0, 0]}", r"sweep\.seeds: each seed must be unique"),
        ("{grid: {optim.epochs: [1]}, seeds: [2147483648]}", r"sweep\.seeds\.0: Input should be less than 2147483648"),
    ],
)
def test_errors_of_a_sweep_name_the_key(section, message):
    with pytest.raises(RecipeError, match=message):
        Recipe.parse(f"name: fcn.x\ndata: {{store: x}}\nmodel: {{architecture: fcn}}\nsweep: {section}")


def test_a_recipe_of_several_trainings_is_not_trained(tmp_path):
    file = tmp_path / "sweep.yaml"
    file.write_text(SWEEP)
    with pytest.raises(RecipeError, match="run: taggram sweep"):
        train(file)


def test_the_path_of_a_store_has_the_sample_rate_of_the_architecture(tmp_path):
    text = SWEEP.partition("sweep:")[0].replace("data/", f"{tmp_path}/")
    for rate in (12000, 16000):
        with pytest.raises(DatasetError, match=f"{tmp_path}/mine-{rate}"):
            train(Recipe.parse(text).replace(model={"options": {"sample_rate": rate}}), tmp_path / "model")


def test_a_recipe_is_found_by_name_or_file(tmp_path, monkeypatch):
    assert find_recipe("nair/knn") == find_recipe(Path("nair", "knn")) == load_recipe("nair/knn")
    file = tmp_path / "mine.yaml"
    file.write_text(recipe().to_yaml())
    assert find_recipe(file) == find_recipe(str(file)) == recipe()
    monkeypatch.chdir(tmp_path)
    (tmp_path / "nair").mkdir()
    file.rename("nair/knn")
    assert find_recipe("nair/knn") == recipe()
    for name, message in (
        ("nair/kn", "no recipe named 'nair/kn'; did you mean nair/knn?"),
        ("won/xx", "no recipe named 'won/xx'; see: taggram recipes list"),
        ("none.yaml", "none.yaml: No such file or directory; a recipe is a YAML file, or see: taggram recipes list"),
        ("runs/none.yaml", "runs/none.yaml: No such file"),
    ):
        with pytest.raises(RecipeError, match=re.escape(message)):
            find_recipe(name)


def test_recipes_are_listed_by_pattern():
    assert list_recipes("yu2018/*") == [name for name in list_recipes() if name.startswith("yu2018/")] != []
    assert recipe_file("nair/knn").read_bytes().startswith(b"# ")


def test_braces_stand_for_settings_and_words_for_values():
    words = {"words": {96: "many", True: "with it"}}
    published = {"paper": "A 2020", "table": "1", "row": "", "dataset": "mtat", "protocol": "full", **words}
    parsed = Recipe.parse(SWEEP).replace(published=published)
    first = parsed.cells()[0]
    assert first.fill("{model.options.n_mels} bands, {optim.optimizer.lr}, {seed}") == "many bands, 0.001, 0"
    again = Recipe.parse(first.to_yaml())
    assert again == first
    with pytest.raises(RecipeError, match=r"published: there is no setting model\.options\.hop"):
        first.fill("{model.options.hop}")


def test_trainings_are_the_cells_times_the_seeds():
    parsed = Recipe.parse(SWEEP.rstrip() + "\n  seeds: [0, 1]\n")
    assert (len(parsed.cells()), parsed.sweep.trainings) == (5, 10)
    assert recipe().cells() == [recipe()]
    search = {"search": {"optim.epochs": [1, 2]}, "trials": 7}
    assert recipe(sweep=search).sweep.trainings == 7
