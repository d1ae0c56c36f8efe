"""Each recipe of a published experiment: what it states, and each of its trainings on a small synthetic store."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
import yaml
from torch import Tensor

from taggram.audio import fill
from taggram.datasets import dataset, list_datasets
from taggram.evaluation import PROTOCOLS
from taggram.evaluation.experiments import Experiment, load_experiment
from taggram.models.card import BASELINES
from taggram.training import Recipe, list_recipes, recipe_file
from taggram.training.baselines import fit_baseline
from taggram.training.data import Split
from taggram.training.labels import Labels
from taggram.training.loop.devices import Devices, make_fabric
from taggram.training.loop.trainer import Trainer
from taggram.training.plan import Plan, make_plan
from taggram.vocabularies import Vocabulary

EXPERIMENTS = {name: load_experiment(name) for name in list_recipes()}
GRIDS = [name for name, experiment in EXPERIMENTS.items() if len(experiment.cells) > 1]
# Rows of the fewest and the most operations in a grid of networks of different size, counted from 1.
SMALLEST_AND_LARGEST = {
    "ferraro2020/musicnn": (9, 3),
    "ferraro2020/musicnn_15s": (1, 2),
    "ferraro2020/musicnn_msd": (9, 3),
    "ferraro2020/vgg_cnn": (69, 3),
    "ferraro2020/vgg_cnn_msd": (11, 2),
    "won2020/jamendo": (2, 6),
    "won2020/msd": (2, 5),
    "won2020/mel_bands": (2, 3),
    "won2020/mtat": (2, 6),
    "won2020/segment_length": (1, 4),
    "hamidi2019/mse_cnn": (1, 4),
    "yu2018/ablations": (5, 10),
    "yu2018/models": (2, 1),
}
FAST = {  # one per paper, of those that take the least time
    ("ferraro2020/musicnn", 9),
    ("ferraro2020/vgg_cnn", 69),
    ("hamidi2019/mse_cnn", 1),
    ("nair/four_layer_cnn", 1),
    ("pons2019/mtat", 2),
    ("won2020/mtat", 2),
    ("yu2018/ablations", 5),
    ("yu2018/echonest", 1),
    ("yu2018/grid", 1),
    ("yu2018/models", 2),
}


each_recipe = pytest.mark.parametrize("name", EXPERIMENTS)


class Store:
    """Clips of a second in memory, each with one tag of a softmax head, or every second one with all tags."""

    def __init__(self, recipe: Recipe, sample_rate: int) -> None:
        self.sample_rate = sample_rate
        splits = ["train"] * 6 + ["valid"] * 2
        self.clips = [
            SimpleNamespace(id=str(i), split=split, labels=_labels(recipe, i), length=sample_rate)
            for i, split in enumerate(splits)
        ]

    def select(self, *, split: str) -> np.ndarray:
        return np.array([i for i, clip in enumerate(self.clips) if clip.split == split])

    def segments(self, clips: np.ndarray, _starts: np.ndarray, length: int) -> np.ndarray:
        return np.stack([fill(self.read(i), length) for i in clips.tolist()])

    def read(self, i: int) -> np.ndarray:
        return np.random.default_rng(i).uniform(-0.5, 0.5, self.sample_rate).astype(np.float32)


def _labels(recipe: Recipe, i: int) -> tuple[str, ...]:
    heads = recipe.model.options.get("heads")
    if heads is None:
        return Vocabulary.from_names(recipe.data.vocabulary or "mtat").names if i % 2 else ()
    tags = []
    for head in heads.values():
        tags += [head["tags"][i % len(head["tags"])]] if head["kind"] == "softmax" else [f"{head['tags'][0]}=0.5"]
    return tuple(tags)


def plan(experiment: Experiment, row: int) -> Plan:
    """Plan a row, counted from 1, with a store at the rate of one of the experiment's stores."""
    recipe = experiment.recipe_of(row)
    rates = sorted(experiment.stores().values())
    rate = recipe.model.options.get("sample_rate", rates[0])
    assert rate in rates
    return make_plan(recipe, Store(recipe, rate), experiment.name)  # type: ignore[arg-type]


@pytest.fixture
def no_initial_weights(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave weights as they are: 17 million random numbers take longer than all checks of a recipe."""

    def keep(tensor: Tensor, *_: object, **__: object) -> Tensor:
        return tensor

    for name in ("kaiming_uniform_", "uniform_", "xavier_uniform_", "orthogonal_"):
        monkeypatch.setattr(torch.nn.init, name, keep)


@each_recipe
def test_what_is_published_is_in_the_tables(name: str) -> None:
    experiment = EXPERIMENTS[name]
    published, recipe = experiment.published, experiment.recipe
    assert experiment.about.endswith(".")
    assert published.dataset in list_datasets()
    assert published.protocol in [protocol.name for protocol in dataset(published.dataset).protocols]
    if published.evaluation is not None:
        definition = PROTOCOLS[published.evaluation]
        assert (definition.dataset, definition.subset) == (published.dataset, published.protocol)
    assert "{sample_rate}" in recipe.data.store
    rows = [cell.row for cell in experiment.cells]
    assert len(set(rows)) == len(rows)
    assert not any("{" in row for row in rows)
    assert any(cell.results for cell in experiment.cells) == (published.model is not None)


@each_recipe
def test_only_what_differs_from_the_defaults_is_written(name: str) -> None:
    data = yaml.safe_load(recipe_file(name).read_text(encoding="utf-8"))
    whole = Recipe.model_validate(data)
    for keys in _leaves(data):
        shorter = deepcopy(data)
        section = shorter
        for key in keys[:-1]:
            section = section[key]
        del section[keys[-1]]
        try:
            assert Recipe.model_validate(shorter) != whole, f"{'.'.join(keys)} is the default"
        except ValueError:
            continue  # this key has no default


def _leaves(section: dict[str, Any], *above: str) -> Iterator[tuple[str, ...]]:
    for key, value in section.items():
        if isinstance(value, dict) and key not in ("words", "heads", "grid"):
            yield from _leaves(value, *above, key)
        else:
            yield (*above, key)


@each_recipe
def test_every_training_can_be_planned(name: str, no_initial_weights: None) -> None:
    experiment = EXPERIMENTS[name]
    for row in range(1, len(experiment.cells) + 1):
        assert plan(experiment, row).recipe.name.startswith(f"{experiment.recipe_of(row).model.architecture}.")


def test_each_row_of_a_grid_is_another_training() -> None:
    for name in GRIDS:
        recipes = [cell.recipe.to_yaml() for cell in EXPERIMENTS[name].cells]
        assert len(set(recipes)) == len(recipes), name


def trainings() -> Iterator[Any]:
    """The rows that take two steps: the only one, or those of the least and the most operations."""
    for name, experiment in EXPERIMENTS.items():
        if experiment.recipe.model.architecture in BASELINES:
            continue
        rows = SMALLEST_AND_LARGEST.get(name, (1, len(experiment.cells)))
        for row in dict.fromkeys(rows):
            slow = [pytest.mark.slow] if (name, row) not in FAST else []
            yield pytest.param(name, row, id=f"{name}-{row}", marks=slow)


@pytest.mark.parametrize(("name", "row"), list(trainings()))
def test_a_training_takes_two_steps(name: str, row: int, tmp_path: Path) -> None:
    changes = {"batch_size": 2, "schedule": {"kind": "constant"}}
    planned = plan(EXPERIMENTS[name], row)
    recipe = planned.recipe.replace(optim=changes, data={"segments_per_clip": 1, "validation_segments": 1})
    planned = dataclasses.replace(
        planned, recipe=recipe, train=_first(planned.train, 4), valid=_first(planned.valid, 2)
    )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        trainer = Trainer(planned, make_fabric(Devices("cpu")))
        before = [parameter.detach().clone() for parameter in trainer.network.parameters()]
        trainer.run_epoch()
    assert np.isfinite(trainer.history[0]["training_loss"])
    after = trainer.network.parameters()
    assert all((new != old).any() for old, new in zip(before, after, strict=True))


def _first(split: Split, count: int) -> Split:
    labels = Labels(split.targets.of_clips(np.arange(count)))
    return dataclasses.replace(split, clips=split.clips[:count], lengths=split.lengths[:count], targets=labels)


@pytest.mark.parametrize("name", ["nair/random_forest", "nair/knn"])
def test_a_classical_model_is_fitted(name: str, tmp_path: Path) -> None:
    assert fit_baseline(plan(EXPERIMENTS[name], 1), tmp_path / "model").architecture == name.partition("/")[2]
