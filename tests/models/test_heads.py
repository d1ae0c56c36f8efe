"""Several heads on one vocabulary."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import onnxruntime
import pytest
import torch
from torch.nn import functional

import taggram
from taggram.models.heads import Heads
from taggram.models.weights import save_model
from taggram.training import Recipe
from taggram.vocabularies import Vocabulary

HEADS = {
    "genre": {"kind": "softmax", "tags": ["rock", "pop", "folk"]},
    "instrument": {"kind": "sigmoid", "tags": ["piano", "guitar"]},
    "valence": {"kind": "regression", "tags": ["valence"]},
}
TAGS = ["rock", "pop", "folk", "piano", "guitar", "valence"]


def test_each_head_has_its_own_last_step() -> None:
    logits = torch.tensor([[0.0, 0.0, math.log(2), 0.0, 100.0, 0.7], [9.0, 9.0, 9.0, -100.0, 0.0, 1.2]])
    scores = Heads(Vocabulary.from_names(TAGS), HEADS)(logits)
    third = 1 / 3
    expected = [[0.25, 0.25, 0.5, 0.5, 1.0, 0.7], [third, third, third, 0.0, 0.5, 1.0]]
    torch.testing.assert_close(scores, torch.tensor(expected))


def test_without_heads_each_tag_has_a_sigmoid() -> None:
    logits = torch.randn(3, 6)
    assert torch.equal(Heads(Vocabulary.from_names(TAGS), None)(logits), torch.sigmoid(logits))


def test_each_head_has_its_own_loss_and_its_weight() -> None:
    heads = Heads(Vocabulary.from_names(TAGS), {**HEADS, "genre": {**HEADS["genre"], "weight": 1.25}})
    logits = torch.tensor([[0.0, 0.0, math.log(2), 0.0, math.log(3), 0.7], [9.0, 9.0, 9.0, 0.0, 0.0, 0.2]])
    targets = torch.tensor([[0.0, 0.0, 1.0, 1.0, 1.0, 0.5], [0.0, 0.0, 0.0, 0.0, 1.0, 0.2]])
    genre = math.log(2) / 2  # the second has none, of which nothing is learned
    instrument = (3 * math.log(2) + math.log(4 / 3)) / 4
    valence = 0.2**2 / 2
    expected = 1.25 * genre + instrument + valence
    assert heads.loss(logits, targets).item() == pytest.approx(expected, rel=1e-6)
    assert heads.error(heads(logits), targets).item() == pytest.approx(expected, rel=1e-6)


def test_an_estimate_out_of_range_is_drawn_back() -> None:
    heads = Heads(Vocabulary.from_names(["valence"]), {"valence": {"kind": "regression", "tags": ["valence"]}})
    logits = torch.tensor([[1.5]], requires_grad=True)
    heads.loss(logits, torch.tensor([[1.0]])).backward()
    assert logits.grad is not None and logits.grad.item() == 1.0


def test_without_heads_the_loss_is_that_of_torch_to_the_last_bit() -> None:
    logits, targets = torch.randn(5, 6), torch.rand(5, 6)
    heads, ours, theirs = (
        Heads(Vocabulary.from_names(TAGS)),
        logits.clone().requires_grad_(),
        logits.clone().requires_grad_(),
    )
    loss = functional.binary_cross_entropy_with_logits(theirs, targets)
    loss.backward()
    heads.loss(ours, targets).backward()
    assert torch.equal(heads.loss(ours, targets), loss)
    assert ours.grad is not None and theirs.grad is not None and torch.equal(ours.grad, theirs.grad)


def test_positives_may_weigh_more() -> None:
    heads, positive = Heads(Vocabulary.from_names(TAGS), HEADS), torch.tensor([9.0, 9.0, 9.0, 3.0, 1.0, 9.0])
    logits, targets = torch.randn(4, 6), torch.randint(2, (4, 6)).float()
    more = functional.binary_cross_entropy_with_logits(logits[:, 3:4], targets[:, 3:4], reduction="none")
    expected = heads.loss(logits, targets) + (2 * more * targets[:, 3:4]).sum() / 8  # in heads of sigmoids alone
    torch.testing.assert_close(heads.loss(logits, targets, positive), expected)
    torch.testing.assert_close(
        heads.error(heads(logits), targets, positive) - heads.error(heads(logits), targets),
        expected - heads.loss(logits, targets),
    )


@pytest.mark.parametrize(
    ("heads", "said"),
    [
        ({"genre": HEADS["genre"]}, "concatenated, must be the vocabulary"),
        (dict(reversed(HEADS.items())), "concatenated, must be the vocabulary"),
        ({"genre": {"kind": "softmax", "tags": ["rock", False]}}, "head genre: the tag False is not text: put it in"),
        ({"genre": {"kind": "argmax", "tags": TAGS}}, "head genre: needs tags, and as kind one of softmax"),
        ({"genre": {"tags": TAGS}}, "head genre"),
        ({"genre": {"kind": "softmax", "tags": TAGS, "weight": 0}}, "head genre: its weight must be a number above 0"),
    ],
)
def test_heads_that_do_not_fit_are_refused(heads: dict, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        Heads(Vocabulary.from_names(TAGS), heads)


@pytest.mark.parametrize("name", ["genre_mood_cnn", pytest.param("choi_cnn", marks=pytest.mark.slow)])
def test_they_survive_being_saved_and_every_backend_has_them(name: str, tmp_path: Path) -> None:
    torch.manual_seed(0)
    network = taggram.create_model(name, TAGS, heads=HEADS)
    card = network.card(f"{name}.test", options={"heads": HEADS}, trained_on="nothing", licence="MIT")
    save_model(network, card, tmp_path / "model")
    segments = np.random.default_rng(0).uniform(-0.1, 0.1, (3, network.segments.samples)).astype(np.float32)
    session = onnxruntime.InferenceSession(tmp_path / "model" / "model.onnx", providers=["CPUExecutionProvider"])
    (scores,) = session.run(["scores"], {"waveform": segments})
    np.testing.assert_allclose(scores[:, :3].sum(1), 1, atol=1e-6)
    assert ((scores >= 0) & (scores <= 1)).all()
    for backend in ("onnx", "torch"):
        tagger = taggram.Tagger(tmp_path / "model", backend=backend)
        np.testing.assert_allclose(tagger.score_segments(segments), scores, atol=1e-4)
    prediction = tagger.tag(segments[0], sample_rate=22050)
    assert prediction.clip_scores()[:3].sum() == pytest.approx(1, abs=1e-4)


RECIPE = """
name: genre_mood_cnn.mine
data: {store: none, vocabulary: [rock, pop, folk, sad, neutral, happy]}
model:
  architecture: genre_mood_cnn
  options:
    heads:
      genre: {kind: softmax, tags: [rock, pop, folk]}
      mood: {kind: softmax, tags: [sad, neutral, happy], weight: 1.25}
"""


def test_a_head_is_a_line_of_a_recipe() -> None:
    recipe = Recipe.parse(RECIPE)
    network = taggram.create_model(recipe.model.architecture, recipe.data.vocabulary, **recipe.model.options)
    scores = network.scores(torch.randn(4, 6))
    torch.testing.assert_close(scores.unflatten(1, (2, 3)).sum(2), torch.ones(4, 2))
