"""Networks with softmax and regression heads have losses of their own."""

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
from taggram.training.loop.devices import Devices, make_fabric
from taggram.training.loop.fit import fit
from taggram.training.loop.trainer import Trainer
from taggram.training.plan import Plan, make_plan
from taggram.vocabularies import Vocabulary

CPU = Devices("cpu")
HEADS = {
    "pitch": {"kind": "softmax", "tags": ["low", "high"]},
    "brightness": {"kind": "regression", "tags": ["brightness"], "weight": 2.0},
}
TAGS = ["low", "high", "brightness"]


@pytest.fixture
def no_export(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("taggram.models.weights.export_onnx", lambda _, file: file.write_bytes(b""))


def graded() -> Tones:
    """The tones, with a graded label."""
    store = Tones()
    for i, clip in enumerate(store.clips):
        value = 0.2 if "low" in clip.labels else 0.8
        store.clips[i] = dataclasses.replace(clip, labels=(*clip.labels, f"brightness={value}"))
    return store


def plan(store: Tones | None = None, **settings: Any) -> Plan:
    defaults = {"data": {"vocabulary": TAGS}, "model": {"options": {"heads": HEADS}}}
    return make_plan(recipe(**{**defaults, **settings}), store or graded())


@pytest.mark.usefixtures("no_export")
def test_all_heads_learn(tmp_path: Path) -> None:
    ready = plan(optim={"epochs": 40}, augment={"mixup": 0.2})
    card, _ = fit(ready, tmp_path / "model", CPU)
    assert card.options == {"heads": HEADS}
    assert card.scores[0].metric == "loss"
    assert card.scores[0].value < 0.4
    network = ready.build_network()
    network.load_state_dict(load_file(tmp_path / "model" / WEIGHTS_FILE))
    network.eval()
    for clip in ready.valid.clips.tolist():
        with torch.no_grad():
            segment = ready.store.segments(np.array([clip]), np.array([0]), network.segments.samples)
            low, high, brightness = network.scores(network(torch.from_numpy(segment))[0])[0].tolist()
        assert low + high == pytest.approx(1)
        is_low = "low" in ready.store.clips[clip].labels
        assert (low > 0.5) == is_low
        assert brightness == pytest.approx(0.2 if is_low else 0.8, abs=0.25)


def test_genre_and_three_quantities_share_the_network_of_paper_004(tmp_path: Path) -> None:
    quantities = ("valence", "energy", "danceability")
    store = Tones(sample_rate=22050)
    for i, clip in enumerate(store.clips):
        values = {"valence": 0.1 * (i % 10), "energy": 0.9, "danceability": 0.3}
        store.clips[i] = dataclasses.replace(
            clip, labels=(*clip.labels, *(f"{name}={value}" for name, value in values.items()))
        )
    heads = {
        "genre": {"kind": "softmax", "tags": ["low", "high"]},
        **{name: {"kind": "regression", "tags": [name]} for name in quantities},
    }
    ready = make_plan(
        recipe(
            name="genre_mood_cnn.tones",
            data={"vocabulary": ["low", "high", *quantities]},
            model={"architecture": "genre_mood_cnn", "options": {"heads": heads, "channels": [4, 4, 4, 4]}},
            optim={"batch_size": 10},
        ),
        store,
    )
    np.testing.assert_allclose(ready.train.targets.of_clips(np.array([3]))[0], [1, 0, 0.3, 0.9, 0.3], atol=1e-3)
    trainer = Trainer(ready, make_fabric(CPU))
    before = trainer.network.head.bias.detach().clone()
    trainer.run_epoch()  # one step
    step = trainer.network.head.bias.detach() - before
    assert torch.isfinite(step).all()
    assert step.all(), "each head learns"


def test_validation_compares_what_tagging_gives(tmp_path: Path) -> None:
    ready = plan(data={"vocabulary": TAGS, "validation_segments": 1})
    trainer = Trainer(ready, make_fabric(CPU))
    network, total = trainer.network.eval(), []
    for clip, target in zip(ready.valid.clips.tolist(), ready.valid.targets.array, strict=True):
        samples = ready.store.read(clip)
        padded = np.pad(np.resize(samples, max(len(samples), 39488)), 256)
        start = (len(padded) - 40000) // 2
        with torch.no_grad():
            logits = network(torch.from_numpy(padded[None, start : start + 40000]))[0]
        low, high, brightness = network.scores(logits)[0].tolist()
        total.append(-np.log(low if target[0] else high) + 2 * (brightness - target[2]) ** 2)
    assert trainer.validate().loss == pytest.approx(np.mean(total), rel=1e-5)


def test_balanced_positives_of_a_tag_weigh_as_much_as_its_negatives(tmp_path: Path) -> None:
    ready = make_plan(recipe(data={"vocabulary": ["low", "high", "rare"]}, optim={"pos_weight": "balanced"}), Tones())
    assert ready.pos_weight is not None and ready.pos_weight.tolist() == [1, 1, 9]  # of 10 clips
    trainer = Trainer(ready, make_fabric(CPU))
    with torch.no_grad():
        network = trainer.network.eval()
        network.head.weight.zero_()
        network.head.bias.zero_()
    assert trainer.validate().loss == pytest.approx(np.log(2))  # no validation clip is rare
    trainer.run_epoch()
    assert make_plan(recipe(), Tones()).pos_weight is None


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"optim": {"pos_weight": "balanced"}}, "optim.pos_weight: needs a sigmoid head"),
        (
            {"model": {"options": {"heads": {"a": {"kind": "softmax", "tags": ["low"]}}}}},
            "model.options: the tags of the",
        ),
        (
            {"model": {"options": {"heads": {"a": {"kind": "softmax", "tags": TAGS, "weight": "much"}}}}},
            "model.options: could not",
        ),
        (
            {
                "data": {"vocabulary": [*TAGS, "High"]},
                "model": {"options": {"heads": {"a": {"kind": "softmax", "tags": [*TAGS, "High"]}}}},
            },
            "data.vocabulary: no clip in the split 'train' of tones has High; taggram data show",
        ),
    ],
)
def test_a_loss_that_does_not_fit_is_refused(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(RecipeError, match=f"^recipe: {message}"):
        plan(**settings)


def test_each_clip_needs_the_value_of_a_regression_target() -> None:
    store = graded()
    store.clips[11] = dataclasses.replace(store.clips[11], labels=("low",))
    with pytest.raises(RecipeError, match=r"brightness is a regression target, and clip clip 11 has no value; .*=0\.5"):
        plan(store)


def test_distillation_needs_sigmoid_heads() -> None:
    data, teachers = {"vocabulary": "mtat"}, {"teachers": [{"model": "none"}]}
    heads = {"all": {"kind": "softmax", "tags": list(Vocabulary.from_names("mtat").names)}}
    with pytest.raises(RecipeError, match="model.options: heads: distill.teachers need sigmoid heads"):
        make_plan(recipe(data=data, model={"options": {"heads": heads}}, distill=teachers), Tones())
    with pytest.raises(RecipeError, match="optim.pos_weight: cannot be combined with distill.teachers"):
        recipe(data=data, optim={"pos_weight": "balanced"}, distill=teachers)
