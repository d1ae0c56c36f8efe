"""What a network is to answer: labels of a clip, or teachers' scores of just the stretch that it hears."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from tones import Tiny

from taggram.errors import RecipeError
from taggram.training.ensemble import ensemble
from taggram.training.over_time import OverTime
from taggram.training.targets import Labels, Scale, SoftTargets, log_odds
from taggram.vocabularies import Vocabulary

ROWS = np.array([0, 1, 1])


def test_labels_hold_for_every_segment() -> None:
    labels = Labels.of([["b", "unheard of"], ["a", "b"]], ["a", "b"])
    assert labels.of_clips(ROWS).tolist() == [[0, 1], [1, 1], [1, 1]]
    assert labels.of_segments(ROWS, np.array([0, 5, 9]), 3).tolist() == [[0, 1], [1, 1], [1, 1]]


def test_a_label_may_say_how_much() -> None:
    tags = ["valence", "a=b"]
    labels = Labels.of([["valence=0.25", "tempo=120"], ["a=b", "valence=1"], ["valence"]], tags)
    assert labels.array.tolist() == [[0.25, 0], [1, 1], [1, 0]]


@pytest.mark.parametrize("label", ["valence=1.2", "valence=nan", "valence=much", "valence="])
def test_a_quantity_is_within_0_and_1(label: str) -> None:
    with pytest.raises(RecipeError, match=f"the label '{label}' says how much"):
        Labels.of([[label]], ["valence"])


@pytest.fixture
def soft() -> tuple[np.ndarray, SoftTargets]:
    probabilities = np.random.default_rng(0).uniform(0.05, 0.9, (7, 3)).astype(np.float32)
    # Clips of 3 and 4 cells of 10 samples.
    return probabilities, SoftTargets(OverTime(probabilities, np.array([3, 4]), 10), Scale(np.zeros(3), np.ones(3)))


def test_soft_targets_of_a_segment_are_the_mean_of_the_cells_that_it_touches(soft) -> None:
    probabilities, targets = soft
    found = targets.of_segments(ROWS, np.array([5, 0, 20]), 15)
    expected = [probabilities[0:2].mean(0), probabilities[3:5].mean(0), probabilities[5:7].mean(0)]
    np.testing.assert_allclose(found, expected, atol=1e-6)


def test_a_segment_longer_than_its_clip_has_all_of_it(soft) -> None:
    probabilities, targets = soft
    found = targets.of_segments(np.array([0]), np.array([0]), 100)
    np.testing.assert_allclose(found, probabilities[:3].mean(0)[None], atol=1e-6)
    np.testing.assert_allclose(found, targets.of_clips(np.array([0])), atol=1e-6)


def test_scaled_log_odds_have_mean_0_and_the_sharpness_as_deviation() -> None:
    probabilities = np.random.default_rng(0).beta(0.3, 4, (5000, 2)).astype(np.float32)
    odds = log_odds(Scale.of(probabilities, 1.5)(probabilities))
    np.testing.assert_allclose(odds.mean(0), 0, atol=0.01)
    np.testing.assert_allclose(odds.std(0), 1.5, atol=0.01)


def test_a_tag_that_never_changes_can_be_scaled() -> None:
    constant = np.full((10, 1), 0.2, np.float32)
    np.testing.assert_allclose(Scale.of(constant, 1.5)(constant), 0.5, atol=1e-2)


def test_a_network_trained_on_scaled_targets_is_bent_back_to_probabilities() -> None:
    probabilities = np.random.default_rng(0).uniform(0.01, 0.6, (50, 2)).astype(np.float32)
    scale = Scale.of(probabilities, 1.5)
    network = Tiny(Vocabulary.from_names(["a", "b"])).eval()
    heard = torch.rand(4, network.embedding_size)
    with torch.no_grad():
        scaled = network.classify(heard)
        network.rescale_logits(*map(torch.from_numpy, scale.back()))
        bent = torch.sigmoid(network.classify(heard))
    np.testing.assert_allclose(scale(bent.numpy()), torch.sigmoid(scaled).numpy(), atol=1e-4)


def test_teachers_who_do_not_know_a_tag_are_not_asked() -> None:
    nan = np.nan
    scores = np.array([[[0.2, nan, nan]], [[0.8, 0.4, nan]]])
    np.testing.assert_allclose(ensemble(scores, [3, 1]), [[0.35, 0.4, nan]])
