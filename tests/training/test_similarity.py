"""A student whose embeddings are as alike as its teachers find the segments has nothing to learn."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from taggram.training.over_time import OverTime
from taggram.training.similarity import Neighbourhood, similarity_loss


def test_likeness_is_the_mean_cosine_of_the_teachers() -> None:
    one = np.array([[1, 0], [0, 2], [3, 3]], np.float32)  # a cell of each of three clips
    two = np.array([[1, 0, 0], [-1, 0, 0], [0, 5, 0]], np.float32)
    cells, rows = np.ones(3, np.int64), np.arange(3)
    teachers = [OverTime(one, cells, 10), OverTime(two, cells, 10)]
    near = Neighbourhood(teachers, None)
    half = np.sqrt(0.5) / 2
    expected = [[1, 0, half], [0, 1, half], [half, half, 1]]  # 0 and 1 are opposite to the second one: at least 0
    np.testing.assert_allclose(near.of_segments(rows, rows * 0, 10), expected, atol=1e-6)
    labels = np.array([[1, 1], [1, 0], [0, 0]], np.float32)  # the third has none
    expected[0][1] = expected[1][0] = np.sqrt(0.5) / 2
    found = Neighbourhood(teachers, labels).of_segments(rows, rows * 0, 10)
    np.testing.assert_allclose(found, expected, atol=1e-6)


def test_the_loss_is_0_where_cosines_are_as_wished_and_falls_by_learning() -> None:
    torch.manual_seed(0)
    wished = torch.nn.functional.normalize(torch.rand(6, 4), dim=1)
    likeness = wished @ wished.T
    assert similarity_loss(3 * wished, likeness).item() == pytest.approx(0, abs=1e-12)
    embedding = torch.rand(6, 4, requires_grad=True)
    optimiser = torch.optim.Adam([embedding], 0.05)
    first = similarity_loss(embedding, likeness).item()
    for _ in range(200):
        optimiser.zero_grad()
        loss = similarity_loss(embedding, likeness)
        loss.backward()
        optimiser.step()
    assert loss.item() < first / 20
