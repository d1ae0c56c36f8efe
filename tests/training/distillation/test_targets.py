"""Soft targets: teachers' scores over time, on one logit scale."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from tones import Tiny

from taggram.training.distillation.ensemble import ensemble
from taggram.training.distillation.targets import LogitScale, SoftTargets, logit
from taggram.training.distillation.time_grid import TimeGrid
from taggram.vocabularies import Vocabulary

ROWS = np.array([0, 1, 1])


@pytest.fixture
def soft() -> tuple[np.ndarray, SoftTargets]:
    probabilities = np.random.default_rng(0).uniform(0.05, 0.9, (7, 3)).astype(np.float32)
    # Clips of 3 and 4 frames of 10 samples.
    return probabilities, SoftTargets(
        TimeGrid(probabilities, np.array([3, 4]), 10), LogitScale(np.zeros(3), np.ones(3))
    )


def test_soft_targets_of_a_segment_are_the_mean_of_the_frames_that_it_overlaps(soft) -> None:
    probabilities, targets = soft
    found = targets.of_segments(ROWS, np.array([5, 0, 20]), 15)
    expected = [probabilities[0:2].mean(0), probabilities[3:5].mean(0), probabilities[5:7].mean(0)]
    np.testing.assert_allclose(found, expected, atol=1e-6)


def test_a_segment_longer_than_its_clip_has_the_mean_of_the_clip(soft) -> None:
    probabilities, targets = soft
    found = targets.of_segments(np.array([0]), np.array([0]), 100)
    np.testing.assert_allclose(found, probabilities[:3].mean(0)[None], atol=1e-6)
    np.testing.assert_allclose(found, targets.of_clips(np.array([0])), atol=1e-6)


def test_scaled_logits_have_mean_0_and_the_standard_deviation() -> None:
    probabilities = np.random.default_rng(0).beta(0.3, 4, (5000, 2)).astype(np.float32)
    logits = logit(LogitScale.from_probabilities(probabilities, 1.5)(probabilities))
    np.testing.assert_allclose(logits.mean(0), 0, atol=0.01)
    np.testing.assert_allclose(logits.std(0), 1.5, atol=0.01)


def test_a_tag_that_never_changes_can_be_scaled() -> None:
    constant = np.full((10, 1), 0.2, np.float32)
    np.testing.assert_allclose(LogitScale.from_probabilities(constant, 1.5)(constant), 0.5, atol=1e-2)


def test_rescaling_the_logits_of_a_network_inverts_the_scale() -> None:
    probabilities = np.random.default_rng(0).uniform(0.01, 0.6, (50, 2)).astype(np.float32)
    scale = LogitScale.from_probabilities(probabilities, 1.5)
    network = Tiny(Vocabulary.from_names(["a", "b"])).eval()
    embedding = torch.rand(4, network.embedding_size)
    with torch.no_grad():
        scaled = network.classify(embedding)
        network.rescale_logits(*map(torch.from_numpy, scale.inverse()))
        rescaled = torch.sigmoid(network.classify(embedding))
    np.testing.assert_allclose(scale(rescaled.numpy()), torch.sigmoid(scaled).numpy(), atol=1e-4)


def test_teachers_without_a_tag_do_not_count_for_it() -> None:
    nan = np.nan
    scores = np.array([[[0.2, nan, nan]], [[0.8, 0.4, nan]]])
    mean = 1 / (1 + 4**0.5)  # the odds 1 to 4, three times, and 4 to 1
    np.testing.assert_allclose(ensemble(scores, [3, 1]), [[mean, 0.4, nan]])
    np.testing.assert_allclose(ensemble(scores, [[3, 9, 9], [1, 1, 1]]), [[mean, 0.4, nan]])


def test_a_tag_without_a_teacher_keeps_its_logits() -> None:
    scores = np.array([[0.2, np.nan], [0.4, np.nan]], np.float32)
    scale = LogitScale.from_probabilities(scores, 1.5)
    assert np.isnan(scale(scores)[:, 1]).all() and not np.isnan(scale(scores)[:, 0]).any()
    assert [values[1] for values in scale.inverse()] == [1, 0]
