"""The loss by which labels teach beside teachers."""

from __future__ import annotations

import math

import pytest
import torch

from taggram.training.distillation.ranking import ranking_loss

NAN = math.nan


def test_it_is_the_mean_over_pairs_then_over_tags_that_have_pairs() -> None:
    logits = torch.tensor([[2.0, 0.0, 5.0], [1.0, 3.0, 5.0], [0.0, 9.0, 5.0]])
    labels = torch.tensor([[1.0, 1.0, 1.0], [0.0, 0.0, 1.0], [0.0, NAN, NAN]])
    first = (math.log1p(math.exp(-1)) + math.log1p(math.exp(-2))) / 2
    second = math.log1p(math.exp(3))
    assert float(ranking_loss(logits, labels)) == pytest.approx((first + second) / 2)


def test_without_pairs_it_is_zero_and_has_a_gradient() -> None:
    logits = torch.randn(3, 2, requires_grad=True)
    loss = ranking_loss(logits, torch.tensor([[1.0, NAN], [1.0, 0.0], [NAN, 0.0]]))
    loss.backward()
    assert loss == 0 and logits.grad is not None and not logits.grad.any()
