"""Networks whose tags exclude one another, or are quantities, are trained by losses of their own."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from tones import Tones, recipe

from taggram.errors import RecipeError
from taggram.models.directories import WEIGHTS_FILE
from taggram.training.loop import make_fabric, train
from taggram.training.plan import Plan, plan
from taggram.training.session import Session, unwatched

HEADS = {
    "pitch": {"kind": "softmax", "tags": ["low", "high"]},
    "brightness": {"kind": "regression", "tags": ["brightness"], "weight": 2.0},
}
TAGS = ["low", "high", "brightness"]


@pytest.fixture
def no_export(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("taggram.models.weights.export_onnx", lambda _, file: file.write_bytes(b""))


def bright() -> Tones:
    """The tones, and how bright they are said to be."""
    store = Tones()
    for i, clip in enumerate(store.clips):
        value = 0.2 if "low" in clip.labels else 0.8
        store.clips[i] = dataclasses.replace(clip, labels=(*clip.labels, f"brightness={value}"))
    return store


def ready(store: Tones | None = None, **changed: Any) -> Plan:
    return plan(recipe(**{"vocabulary": TAGS, "options": {"heads": HEADS}, **changed}), store or bright())


@pytest.mark.usefixtures("no_export")
def test_all_heads_learn(tmp_path: Path) -> None:
    todo = ready(epochs=40, mixup=0.2)
    card = train(todo, tmp_path / "model", device="cpu")
    assert card.options == {"heads": HEADS}
    assert card.scores[0].metric == "loss"
    assert card.scores[0].value < 0.4
    network = todo.network()
    network.load_state_dict(load_file(tmp_path / "model" / WEIGHTS_FILE))
    network.eval()
    for clip in todo.valid.clips.tolist():
        with torch.no_grad():
            segment = todo.store.segments(np.array([clip]), np.array([0]), network.segments.samples)
            low, high, brightness = network.scores(network(torch.from_numpy(segment))[0])[0].tolist()
        assert low + high == pytest.approx(1)
        is_low = "low" in todo.store.clips[clip].labels
        assert (low > 0.5) == is_low
        assert brightness == pytest.approx(0.2 if is_low else 0.8, abs=0.25)


def test_validation_compares_what_tagging_gives(tmp_path: Path) -> None:
    todo = ready(validation_segments=1)
    training = Session(todo, make_fabric("cpu", todo), tmp_path)
    network, total = training.network.eval(), []
    for clip, target in zip(todo.valid.clips.tolist(), todo.valid.targets.array, strict=True):
        samples = todo.store.read(clip)
        padded = np.pad(np.resize(samples, max(len(samples), 39488)), 256)
        start = (len(padded) - 40000) // 2
        with torch.no_grad():
            logits = network(torch.from_numpy(padded[None, start : start + 40000]))[0]
        low, high, brightness = network.scores(logits)[0].tolist()
        total.append(-np.log(low if target[0] else high) + 2 * (brightness - target[2]) ** 2)
    assert training._validate(0, unwatched) == pytest.approx(np.mean(total), rel=1e-5)


def test_balance_makes_positives_of_a_tag_weigh_as_much_as_its_negatives(tmp_path: Path) -> None:
    todo = plan(recipe(vocabulary=["low", "high", "rare"], balance=True), Tones())
    assert todo.positive is not None and todo.positive.tolist() == [1, 1, 9]  # of 10 clips
    training = Session(todo, make_fabric("cpu", todo), tmp_path)
    with torch.no_grad():
        network = training.network.eval()
        network.head.weight.zero_()
        network.head.bias.zero_()
    assert training._validate(0, unwatched) == pytest.approx(np.log(2))  # no rare one is validated on
    training.epoch(unwatched)
    assert plan(recipe(), Tones()).positive is None


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"balance": True}, "balance: there is no head of sigmoids"),
        ({"options": {"heads": {"a": {"kind": "softmax", "tags": ["low"]}}}}, "options: the tags of the heads"),
        ({"options": {"heads": {"a": {"kind": "softmax", "tags": TAGS, "weight": "much"}}}}, "options: could not"),
    ],
)
def test_a_loss_that_does_not_fit_is_refused(changed: dict[str, Any], said: str) -> None:
    with pytest.raises(RecipeError, match=f"^recipe: {said}"):
        ready(**changed)


def test_each_clip_says_what_a_quantity_is() -> None:
    store = bright()
    store.clips[11] = dataclasses.replace(store.clips[11], labels=("low",))
    with pytest.raises(RecipeError, match=r"brightness is a quantity, and clip clip 11 says nothing of it; .*=0\.5"):
        ready(store)


def test_teachers_are_learned_by_sigmoids() -> None:
    heads = {"all": {"kind": "softmax", "tags": list(plan(recipe(vocabulary="mtat"), taught()).vocabulary.names)}}
    with pytest.raises(RecipeError, match="options: heads: teachers are learned by sigmoids only"):
        plan(recipe(vocabulary="mtat", options={"heads": heads}, teachers=[{"model": "none"}]), taught())
    with pytest.raises(ValueError, match="balance: teachers say no positives"):
        recipe(vocabulary="mtat", balance=True, teachers=[{"model": "none"}])


def taught() -> Tones:
    """Tones with a tag of mtat."""
    store = Tones()
    store.clips[0] = dataclasses.replace(store.clips[0], labels=("guitar",))
    return store
