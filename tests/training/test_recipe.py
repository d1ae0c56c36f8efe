"""Recipes: what is read, what is refused, and in which words."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from tones import RECIPE, Tones, recipe

from taggram.errors import RecipeError
from taggram.models import create_model
from taggram.models.card import BASELINES
from taggram.training import Recipe
from taggram.training.optimiser import SGD, Adam, Won, optimiser_at, rate
from taggram.training.plan import plan


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("epoch: 3", "epoch: no such key"),
        ("epochs: 0", "epochs: Input should be greater than 0"),
        ("batch: many", "batch: Input should be a valid integer"),
        ("optimiser: {kind: adam, momentum: 0.9}", "optimiser.momentum: no such key"),
        ("optimiser: {lr: 1}", "optimiser: the key kind is missing"),
        ("optimiser: lion", "optimiser: kind must be one of 'adam', 'adamw', 'sgd'"),
        (
            "schedule: {kind: won, steps: [{epoch: 3, optimiser: {kind: sgd, lr: -1}}]}",
            "schedule.steps.0.optimiser.lr:",
        ),
        ("vocabulary: nothing", "vocabulary: no vocabulary is named 'nothing'"),
        ("vocabulary: [a, a]", "vocabulary: a vocabulary needs at least one tag and each tag once"),
        ("precision: 16", "precision: Input should be 32 or 'bf16'"),
        ("name: ../../tiny", "name: String should match pattern"),
        ("name: fcn.tones", "name: must begin with the architecture"),
        ("seed: [", "not YAML"),
    ],
)
def test_an_error_is_one_line_with_file_and_key(line: str, said: str, tmp_path: Path) -> None:
    file = tmp_path / "a.yaml"
    file.write_text(RECIPE + line)
    with pytest.raises(RecipeError) as caught:
        Recipe.read(file)
    assert str(caught.value).startswith(f"{file}: {said}")
    assert "\n" not in str(caught.value)


def test_what_is_no_recipe_at_all(tmp_path: Path) -> None:
    with pytest.raises(RecipeError, match="name: this key is missing"):
        Recipe.parse("architecture: tiny")
    with pytest.raises(RecipeError, match="a list of keys with values"):
        Recipe.parse("")
    with pytest.raises(RecipeError, match="not YAML"):
        Recipe.parse(b"\xff\xfe\x00")
    with pytest.raises(RecipeError, match=r"nowhere\.yaml: No such file"):
        Recipe.read(tmp_path / "nowhere.yaml")


def test_the_effective_recipe_is_a_recipe_with_nothing_left_to_default() -> None:
    made = plan(recipe(schedule="won", min_positives=2), Tones()).recipe
    again = Recipe.parse(made.to_yaml())
    assert again == made
    assert again.model_fields_set == set(Recipe.model_fields)
    assert again.vocabulary == ("high", "low")


def test_wons_schedule() -> None:
    first, schedule = Adam(kind="adam"), Won()
    at = {epoch: optimiser_at(first, schedule, epoch) for epoch in (0, 79, 80, 99, 100, 119, 120, 199)}
    assert [begins for _, begins in at.values()] == [False, False, True, False, True, False, True, False]
    assert at[79][0] == Adam(kind="adam", lr=1e-4, weight_decay=1e-4)
    assert at[80][0] == SGD(kind="sgd", lr=1e-3, weight_decay=1e-4, momentum=0.9, nesterov=True)
    assert [at[epoch][0].lr for epoch in (99, 100, 119, 120, 199)] == [1e-3, 1e-4, 1e-4, 1e-5, 1e-5]


def test_cosine_falls_from_one_to_nothing() -> None:
    schedule = recipe(schedule="cosine").schedule
    assert [round(rate(schedule, done), 4) for done in (0.0, 0.25, 0.5, 1.0)] == [1.0, 0.8536, 0.5, 0.0]
    assert rate(recipe().schedule, 0.7) == 1.0


@pytest.mark.parametrize(
    ("kind", "options", "made"),
    [
        ("adam", {"lr": 0.01}, torch.optim.Adam),
        ("adamw", {"weight_decay": 0.1}, torch.optim.AdamW),
        ("sgd", {"momentum": 0.0}, torch.optim.SGD),
    ],
)
def test_optimisers_take_their_settings(kind: str, options: dict[str, float], made: type) -> None:
    optimiser = recipe(optimiser={"kind": kind, **options}).optimiser.build([torch.nn.Parameter(torch.zeros(1))])
    assert type(optimiser) is made
    assert all(optimiser.defaults[name] == value for name, value in options.items())


@pytest.mark.parametrize(
    ("changed", "store", "said"),
    [
        ({"architecture": "fnc", "name": "fnc.a"}, Tones(), "architecture: must be one of"),
        ({"options": {"width": 3}}, Tones(), "options: .*'width'"),
        ({"min_positives": 100}, Tones(), "min_positives: no label has 100 clips"),
        ({"vocabulary": ["other"]}, Tones(), "vocabulary: no clip in the split 'train' of tones has any of these tags"),
        ({}, Tones(valid=0), "store: tones has 0 clips in the split 'valid'"),
        ({}, Tones(sample_rate=12000), "store: tones is packed at 12000 Hz and tiny takes 16000 Hz; pack it again"),
    ],
)
def test_a_recipe_that_does_not_fit_its_store(changed: dict[str, object], store: Tones, said: str) -> None:
    with pytest.raises(RecipeError, match=f"^a.yaml: {said}"):
        plan(recipe(**changed), store, "a.yaml")


def test_recipes_of_the_project_are_recipes() -> None:
    files = sorted((Path(__file__).resolve().parents[2] / "recipes").glob("*.yaml"))
    assert files
    for file in files:
        read = Recipe.read(file)
        if read.architecture not in BASELINES:
            assert create_model(read.architecture, read.vocabulary, **read.options).architecture() == read.architecture
