"""Optimizers and schedules."""

from __future__ import annotations

import pytest
import torch
from tones import recipe

from taggram.training.loop.optimizers import build_optimizer, lr_factor, optimizer_at
from taggram.training.recipe.optim import SGD, Adam, Won


def test_wons_schedule() -> None:
    first, schedule = Adam(kind="adam"), Won()
    at = {epoch: optimizer_at(first, schedule, epoch) for epoch in (0, 79, 80, 99, 100, 119, 120, 199)}
    assert [changes for _, changes in at.values()] == [False, False, True, False, True, False, True, False]
    assert at[79][0] == Adam(kind="adam", lr=1e-4, weight_decay=1e-4)
    assert at[80][0] == SGD(kind="sgd", lr=1e-3, weight_decay=1e-4, momentum=0.9, nesterov=True)
    assert [at[epoch][0].lr for epoch in (99, 100, 119, 120, 199)] == [1e-3, 1e-4, 1e-4, 1e-5, 1e-5]


def test_cosine_falls_from_one_to_nothing() -> None:
    schedule = recipe(optim={"schedule": "cosine"}).optim.schedule
    assert [round(lr_factor(schedule, epoch, 8), 4) for epoch in (0, 2, 4, 8)] == [1.0, 0.8536, 0.5, 0.0]
    assert lr_factor(recipe().optim.schedule, 5.6, 8) == 1.0


def test_steps() -> None:
    schedule = recipe(optim={"schedule": {"kind": "step", "every": 2}}).optim.schedule
    assert [lr_factor(schedule, epoch, 8) for epoch in (0, 1.9, 2, 3.9, 4)] == pytest.approx([1, 1, 0.1, 0.1, 0.01])


def test_a_plateau_lowers_the_rate_and_a_lower_loss_starts_again() -> None:
    schedule = recipe(optim={"schedule": {"kind": "plateau", "patience": 2}}).optim.schedule
    losses = [3.0, 2.0, 2.0, 2.5, 1.9, 1.9, 1.8, 1.8, 1.9, 2.0, 1.8]
    factors = [lr_factor(schedule, epoch, 99, losses[:epoch]) for epoch in range(len(losses) + 1)]
    assert factors == [1, 1, 1, 1, 0.5, 0.5, 0.5, 0.5, 0.5, 0.25, 0.25, 0.125]


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
    optimizer = build_optimizer(config, torch.nn.Linear(1, 1))
    assert type(optimizer) is expected
    assert all(optimizer.defaults[name] == value for name, value in options.items())


@pytest.mark.parametrize(
    ("decay", "decaying"),
    [("all", ["0.weight", "0.bias", "1.weight", "1.bias"]), ("kernels", ["0.weight"]), (["0.bias"], ["0.bias"])],
)
def test_what_decays(decay: str | list[str], decaying: list[str]) -> None:
    network = torch.nn.Sequential(torch.nn.Conv1d(1, 2, 3), torch.nn.BatchNorm1d(2))
    before = {name: parameter.detach().clone() + 1 for name, parameter in network.named_parameters()}
    network.load_state_dict(before, strict=False)
    optimizer = {"kind": "sgd", "lr": 0.5, "weight_decay": 0.5, "decay": decay, "momentum": 0}
    taken = build_optimizer(recipe(optim={"optimizer": optimizer}).optim.optimizer, network)
    for parameter in network.parameters():
        parameter.grad = torch.zeros_like(parameter)
    taken.step()
    changed = [name for name, parameter in network.named_parameters() if not torch.equal(parameter, before[name])]
    assert changed == decaying
