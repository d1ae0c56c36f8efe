"""The target similarity of segments, and the loss against it."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from taggram.training.distillation.similarity import TargetSimilarity, similarity_loss
from taggram.training.distillation.time_grid import TimeGrid


def test_the_target_is_the_mean_cosine_of_the_teachers() -> None:
    one = np.array([[1, 0], [0, 2], [3, 3]], np.float32)  # a frame of each of three clips
    two = np.array([[1, 0, 0], [-1, 0, 0], [0, 5, 0]], np.float32)
    counts, rows = np.ones(3, np.int64), np.arange(3)
    teachers = [TimeGrid(one, counts, 10), TimeGrid(two, counts, 10)]
    target = TargetSimilarity(teachers, None)
    half = np.sqrt(0.5) / 2
    expected = [[1, 0, half], [0, 1, half], [half, half, 1]]  # 0 and 1 are opposite to the second one: at least 0
    np.testing.assert_allclose(target.of_segments(rows, rows * 0, 10), expected, atol=1e-6)
    labels = np.array([[1, 1], [1, 0], [0, 0]], np.float32)  # the third has none
    expected[0][1] = expected[1][0] = np.sqrt(0.5) / 2
    found = TargetSimilarity(teachers, labels).of_segments(rows, rows * 0, 10)
    np.testing.assert_allclose(found, expected, atol=1e-6)


def test_the_loss_is_0_at_the_target_and_decreases_by_training() -> None:
    torch.manual_seed(0)
    target = torch.nn.functional.normalize(torch.rand(6, 4), dim=1)
    similarity = target @ target.T
    assert similarity_loss(3 * target, similarity).item() == pytest.approx(0, abs=1e-12)
    embedding = torch.rand(6, 4, requires_grad=True)
    optimizer = torch.optim.Adam([embedding], 0.05)
    first = similarity_loss(embedding, similarity).item()
    for _ in range(200):
        optimizer.zero_grad()
        loss = similarity_loss(embedding, similarity)
        loss.backward()
        optimizer.step()
    assert loss.item() < first / 20
