"""What a network sees of the training split has mean 0 and deviation 1, if its recipe says so."""

from __future__ import annotations

import pytest
import torch
from tones import Tones, recipe

from taggram.training import Recipe
from taggram.training.normalisation import mean_and_std
from taggram.training.plan import plan

DATA = {"name": "four_layer_cnn.tones", "architecture": "four_layer_cnn", "options": {"normalise": "data"}}


def test_it_is_measured_once_and_stands_in_the_recipe() -> None:
    todo = plan(recipe(**DATA), Tones())
    network = todo.network()
    with torch.no_grad():
        segments = todo.store.segments(todo.train.clips, todo.train.clips * 0, network.segments.samples)
        seen = network.features(torch.from_numpy(segments))
    assert seen.mean().item() == pytest.approx(0, abs=1e-3)
    assert seen.std().item() == pytest.approx(1, abs=1e-3)
    card = network.card("four_layer_cnn.tones", trained_on="tones", licence="none")
    assert (card.front_end.mean, card.front_end.std) == (todo.recipe.options["mean"], todo.recipe.options["std"])
    again = plan(Recipe.parse(todo.recipe.to_yaml()), Tones(train=4))
    assert again.recipe.options == todo.recipe.options, "what the recipe says is not measured"


@pytest.mark.parametrize("options", [{"normalise": "band"}, {"mean": -40.0, "std": 20.0}])
def test_it_is_not_measured_where_it_is_not_needed(options: dict[str, object]) -> None:
    assert plan(recipe(**{**DATA, "options": options}), Tones()).recipe.options == options


def test_of_many_clips_some_are_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("taggram.training.normalisation.CLIPS", 3)
    todo = plan(recipe(), Tones())
    front_end = todo.network().front_end
    found = [mean_and_std(front_end, todo.store, todo.train, 16000, seed) for seed in (0, 0, 1)]
    assert found[0] == found[1] != found[2]
