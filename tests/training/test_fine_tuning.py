"""A training can start from the weights of a model, and keep some of them."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file
from tones import Tones, recipe

from taggram.errors import RecipeError
from taggram.models import ModelCard
from taggram.models.directories import WEIGHTS_FILE
from taggram.training.loop.checkpoint import FILE_NAME, Checkpoint
from taggram.training.loop.devices import Devices
from taggram.training.loop.fit import fit
from taggram.training.loop.optimizers import build_optimizer
from taggram.training.plan import Plan, make_plan

CPU = Devices("cpu")


@pytest.fixture(autouse=True)
def no_export(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("taggram.models.weights.export_onnx", lambda _, file: file.write_bytes(b""))


@pytest.fixture
def trained(tmp_path: Path) -> Path:
    """A model of other tags, with options of its own."""
    options = {"options": {"channels": 3}}
    fit(make_plan(recipe(model=options, optim={"epochs": 2}), Tones()), tmp_path / "trained", CPU)
    return tmp_path / "trained"


def plan(trained: Path, *, epochs: int = 2, **model: object) -> Plan:
    settings = {"init": str(trained), **model}
    data = {"vocabulary": None if "head" in model else ["high", "low"]}
    return make_plan(recipe(model=settings, data=data, optim={"epochs": epochs}), Tones())


def test_it_starts_from_the_weights_but_for_a_new_head(trained: Path) -> None:
    network = plan(trained).build_network()
    weights = load_file(trained / WEIGHTS_FILE)
    assert weights["head.weight"].shape == (3, 48) and network.head.weight.shape == (2, 48)
    for name, tensor in network.state_dict().items():
        assert torch.equal(tensor, weights[name]) != name.startswith("head."), name
    kept = plan(trained, head="keep")
    assert kept.recipe.data.vocabulary == ModelCard.read(trained).vocabulary.names
    for name, tensor in kept.build_network().state_dict().items():
        assert torch.equal(tensor, weights[name]), name


def test_a_frozen_trunk_stays_as_it_is(trained: Path, tmp_path: Path) -> None:
    before = load_file(trained / WEIGHTS_FILE)
    for freeze in ("trunk", "none"):
        fit(plan(trained, freeze=freeze), tmp_path / freeze, CPU)
        after = Checkpoint.read(tmp_path / freeze / FILE_NAME).network
        trunk = [name for name in before if not name.startswith("head.")]
        assert "bn.running_mean" in trunk
        assert all(torch.equal(before[name], after[name]) for name in trunk) == (freeze == "trunk")
    assert Checkpoint.read(tmp_path / "trunk" / FILE_NAME).history[0]["roc_auc"] >= 0.5
    card = ModelCard.read(tmp_path / "trunk")
    assert card.trained_on.endswith(f"; started from the weights of {trained}")
    assert card.options == {"channels": 3}


def test_the_learning_rate_decays_layer_by_layer() -> None:
    network = make_plan(recipe(), Tones()).build_network()
    config = recipe().optim.optimizer.model_copy(update={"decay": "kernels"})
    groups = build_optimizer(config, network, layer_decay=0.5).param_groups
    names = {id(parameter): name for name, parameter in network.named_parameters()}
    scales = {names[id(p)]: (group["scale"], group["weight_decay"]) for group in groups for p in group["params"]}
    assert scales == {
        "head.weight": (1.0, 1e-4),
        "head.bias": (1.0, 0.0),
        "conv.weight": (0.5, 1e-4),
        "conv.bias": (0.5, 0.0),
        "bn.weight": (0.5, 0.0),
        "bn.bias": (0.5, 0.0),
    }


def test_the_rates_of_a_training_are_those_of_its_layers(trained: Path, tmp_path: Path) -> None:
    from taggram.training.loop.devices import make_fabric
    from taggram.training.loop.trainer import Trainer

    ready = plan(trained)
    ready = make_plan(ready.recipe.replace(optim={"layer_decay": 0.1}), Tones())
    trainer = Trainer(ready, make_fabric(CPU))
    trainer.run_epoch()
    assert sorted(group["lr"] for group in trainer.optimizer.param_groups) == pytest.approx([1e-3, 1e-2])


def test_what_does_not_fit_is_an_error(trained: Path) -> None:
    with pytest.raises(RecipeError, match=r"model\.init: no model is named 'nothing'"):
        plan(Path("nothing"))
    with pytest.raises(RecipeError, match=r"model\.init: the weights of .* do not fit the options: .*conv\.weight"):
        plan(trained, options={"channels": 4})
    with pytest.raises(RecipeError, match=r"model\.init: default is a small_vgg, not a tiny"):
        plan(Path("default"))
    with pytest.raises(RecipeError, match=r"data\.vocabulary: must be that of tiny\.tones with model\.head: keep"):
        make_plan(recipe(model={"init": str(trained), "head": "keep"}, data={"vocabulary": ["low"]}), Tones())
    with pytest.raises(RecipeError, match="freeze and head need init"):
        recipe(model={"freeze": "trunk"})
    (trained / WEIGHTS_FILE).write_bytes(b"nothing")
    with pytest.raises(RecipeError, match="not the file that its card describes"):
        plan(trained)
