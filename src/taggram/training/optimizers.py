"""Optimizers and schedules, built from a recipe.

Torch's fused optimizers go through the weights once, in a third of the time. A schedule is a function of the epoch
alone, so that it has no state to save.
"""

from __future__ import annotations

import math
from collections.abc import Iterable

from torch import nn, optim

from taggram.training.sections import SGD, Adam, Constant, Cosine, Won


def build_optimizer(config: Adam | SGD, parameters: Iterable[nn.Parameter]) -> optim.Optimizer:
    """Build the optimizer of torch."""
    if config.kind == "sgd":
        return optim.SGD(
            parameters,
            lr=config.lr,
            weight_decay=config.weight_decay,
            momentum=config.momentum,
            nesterov=config.nesterov and config.momentum > 0,
            fused=True,
        )
    optimizer = optim.Adam if config.kind == "adam" else optim.AdamW
    return optimizer(parameters, lr=config.lr, weight_decay=config.weight_decay, fused=True)


def lr_factor(schedule: Constant | Cosine | Won, progress: float) -> float:
    """Return the factor on the optimizer's learning rate.

    Parameters
    ----------
    schedule
        The recipe's schedule.
    progress
        Share of the training that is done, 0 to 1.

    Examples
    --------
    >>> [round(lr_factor(Cosine(warmup=0.2), progress), 2) for progress in (0.1, 0.2, 0.6, 1.0)]
    [0.5, 1.0, 0.5, 0.0]
    """
    if not isinstance(schedule, Cosine):
        return 1.0
    if progress < schedule.warmup:
        return progress / schedule.warmup
    return 0.5 + 0.5 * math.cos(math.pi * (progress - schedule.warmup) / (1 - schedule.warmup))


def optimizer_at(first: Adam | SGD, schedule: Constant | Cosine | Won, epoch: int) -> tuple[Adam | SGD, bool]:
    """Return the optimizer of an epoch.

    Parameters
    ----------
    first
        The recipe's optimizer.
    schedule
        The recipe's schedule.
    epoch
        Counted from 0.

    Returns
    -------
    optimizer, changes
        The optimizer, and whether a step of the schedule starts with this epoch.
    """
    steps = schedule.steps if isinstance(schedule, Won) else ()
    current = first
    for step in sorted(steps, key=lambda step: step.epoch):
        if step.epoch <= epoch:
            current = step.optimizer
    return current, any(step.epoch == epoch for step in steps)
