"""Optimizers and schedules, built from a recipe.

Torch's fused optimizers go through the weights once, in a third of the time. A schedule is a function of the epoch and
of the history, so that it has no state to save.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from torch import nn, optim

from taggram.errors import ModelError
from taggram.models.network import Network
from taggram.training.recipe.optim import SGD, Adam, Cosine, Plateau, Schedule, Step, Won


def build_optimizer(config: Adam | SGD, network: Network, layer_decay: float = 1.0) -> optim.Optimizer:
    """Build the optimizer of torch.

    Parameters
    ----------
    config
        The section ``optim.optimizer``.
    network
        Its parameters that require gradients are optimized.
    layer_decay
        See ``optim.layer_decay``; each group of parameters has the factor on its learning rate as ``scale``.

    Raises
    ------
    ModelError
        If a parameter that decays does not exist.
    """
    parameters = _groups(config, network, layer_decay)
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


def _groups(config: Adam | SGD, network: Network, layer_decay: float) -> list[dict[str, Any]]:
    """Group the parameters by whether they decay, and by the factor on the learning rate."""
    parameters = dict(network.named_parameters())
    if config.decay == "all":
        decaying = set(parameters)
    elif config.decay == "kernels":
        decaying = {name for name, parameter in parameters.items() if parameter.ndim > 1}
    else:
        decaying = set(config.decay)
        if unknown := decaying - parameters.keys():
            raise ModelError(f"no parameter is named {min(unknown)}; there are: {', '.join(parameters)}")
    scales = _lr_scales(network, layer_decay)
    groups: dict[tuple[bool, float], list[nn.Parameter]] = {}
    for name, parameter in parameters.items():
        if parameter.requires_grad:
            groups.setdefault((name in decaying, scales[name]), []).append(parameter)
    return [
        {"params": group, "scale": scale, **({} if decays else {"weight_decay": 0.0})}
        for (decays, scale), group in groups.items()
    ]


def _lr_scales(network: Network, layer_decay: float) -> dict[str, float]:
    """Return the factor on the learning rate of each parameter: 1 in the last layer, less in each one before it.

    Layers are in the order in which the architecture declares them. Those without a weight matrix, such as batch norm,
    belong to the layer before them.
    """
    layers, layer = {}, 0
    names = [name for name, _ in network.named_parameters()]
    of_head = [name for name in names if name.startswith("head.")]
    for name in [name for name in names if name not in of_head] + of_head:
        if "weight" in name.rpartition(".")[2] and network.get_parameter(name).ndim > 1:
            layer += 1
        layers[name] = layer
    return {name: layer_decay ** (layer - of_parameter) for name, of_parameter in layers.items()}


def lr_factor(schedule: Schedule, epoch: float, epochs: int, losses: Sequence[float] = ()) -> float:
    """Return the factor on the optimizer's learning rate.

    Parameters
    ----------
    schedule
        The recipe's schedule.
    epoch
        Epochs that are done, with the part of the current one.
    epochs
        Number of epochs of the recipe.
    losses
        Validation losses of the epochs that are done.

    Examples
    --------
    >>> [round(lr_factor(Cosine(warmup=0.2), epoch, 10), 2) for epoch in (1, 2, 6, 10)]
    [0.5, 1.0, 0.5, 0.0]
    >>> [lr_factor(Step(every=4, factor=0.5), epoch, 10) for epoch in (3.9, 4.0, 8.0)]
    [1.0, 0.5, 0.25]
    """
    if isinstance(schedule, Step):
        return float(schedule.factor ** (epoch // schedule.every))
    if isinstance(schedule, Plateau):
        return float(schedule.factor ** _plateaus(losses, schedule.patience))
    if not isinstance(schedule, Cosine):
        return 1.0
    progress = epoch / epochs
    if progress < schedule.warmup:
        return progress / schedule.warmup
    return 0.5 + 0.5 * math.cos(math.pi * (progress - schedule.warmup) / (1 - schedule.warmup))


def _plateaus(losses: Sequence[float], patience: int) -> int:
    """Count how often so many losses in a row were not the lowest."""
    lowest, waiting, count = math.inf, 0, 0
    for loss in losses:
        waiting = 0 if loss < lowest else waiting + 1
        lowest = min(lowest, loss)
        if waiting == patience:
            waiting, count = 0, count + 1
    return count


def optimizer_at(first: Adam | SGD, schedule: Schedule, epoch: int) -> tuple[Adam | SGD, bool]:
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
