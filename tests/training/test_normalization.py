"""The features of the training split have mean 0 and standard deviation 1, where the recipe asks for it."""

from __future__ import annotations

import pytest
import torch
from tones import Tones, recipe

from taggram.training import Recipe
from taggram.training.normalization import mean_and_std
from taggram.training.plan import make_plan

DATA = {
    "name": "four_layer_cnn.tones",
    "model": {"architecture": "four_layer_cnn", "options": {"normalize": "data"}},
}


def test_it_is_measured_once_and_stands_in_the_recipe() -> None:
    plan = make_plan(recipe(**DATA), Tones())
    network = plan.build_network()
    with torch.no_grad():
        segments = plan.store.segments(plan.train.clips, plan.train.clips * 0, network.segments.samples)
        seen = network.features(torch.from_numpy(segments))
    assert seen.mean().item() == pytest.approx(0, abs=1e-3)
    assert seen.std().item() == pytest.approx(1, abs=1e-3)
    card = network.card("four_layer_cnn.tones", trained_on="tones", licence="none")
    assert (card.front_end.mean, card.front_end.std) == (
        plan.recipe.model.options["mean"],
        plan.recipe.model.options["std"],
    )
    again = make_plan(Recipe.parse(plan.recipe.to_yaml()), Tones(train=4))
    assert again.recipe.model.options == plan.recipe.model.options, "what the recipe says is not measured"


@pytest.mark.parametrize("options", [{"normalize": "band"}, {"mean": -40.0, "std": 20.0}])
def test_it_is_not_measured_where_it_is_not_needed(options: dict[str, object]) -> None:
    assert (
        make_plan(recipe(**{**DATA, "model": {**DATA["model"], "options": options}}), Tones()).recipe.model.options
        == options
    )


def test_of_many_clips_some_are_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("taggram.training.normalization.MAX_CLIPS", 3)
    plan = make_plan(recipe(), Tones())
    front_end = plan.build_network().front_end
    found = [mean_and_std(front_end, plan.store, plan.train, 16000, seed) for seed in (0, 0, 1)]
    assert found[0] == found[1] != found[2]
