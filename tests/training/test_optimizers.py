"""Optimizers and schedules."""

from __future__ import annotations

import pytest
import torch
from tones import recipe

from taggram.training.optimizers import build_optimizer, lr_factor, optimizer_at
from taggram.training.sections import SGD, Adam, Won


def test_wons_schedule() -> None:
    first, schedule = Adam(kind="adam"), Won()
    at = {epoch: optimizer_at(first, schedule, epoch) for epoch in (0, 79, 80, 99, 100, 119, 120, 199)}
    assert [changes for _, changes in at.values()] == [False, False, True, False, True, False, True, False]
    assert at[79][0] == Adam(kind="adam", lr=1e-4, weight_decay=1e-4)
    assert at[80][0] == SGD(kind="sgd", lr=1e-3, weight_decay=1e-4, momentum=0.9, nesterov=True)
    assert [at[epoch][0].lr for epoch in (99, 100, 119, 120, 199)] == [1e-3, 1e-4, 1e-4, 1e-5, 1e-5]


def test_cosine_falls_from_one_to_nothing() -> None:
    schedule = recipe(optim={"schedule": "cosine"}).optim.schedule
    assert [round(lr_factor(schedule, progress), 4) for progress in (0.0, 0.25, 0.5, 1.0)] == [1.0, 0.8536, 0.5, 0.0]
    assert lr_factor(recipe().optim.schedule, 0.7) == 1.0


@pytest.mark.parametrize(
    ("kind", "options", "expected"),
    [
        ("adam", {"lr": 0.01}, torch.optim.Adam),
        ("adamw", {"weight_decay": 0.1}, torch.optim.AdamW),
        ("sgd", {"momentum": 0.0}, torch.optim.SGD),
    ],
)
def test_optimizers_take_their_settings(kind: str, options: dict[str, float], expected: type) -> None:
    config = recipe(optim={"optimizer": {"kind": kind, **options}}).optim.optimizer
    optimizer = build_optimizer(config, [torch.nn.Parameter(torch.zeros(1))])
    assert type(optimizer) is expected
    assert all(optimizer.defaults[name] == value for name, value in options.items())
