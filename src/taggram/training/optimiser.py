"""Optimisers, and schedules that change their learning rate or the optimiser itself, as data.

Torch's optimisers are fused: they go through the weights once, in a third of the time.

Everything is a function of the epoch alone, so that a schedule has no state to be saved.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, NonNegativeFloat, PositiveFloat, PositiveInt

if TYPE_CHECKING:
    from collections.abc import Iterable

    from torch import nn
    from torch.optim import Optimizer


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Adam(_Part):
    """Adam (Kingma and Ba 2015), with decay added to the gradient; ``adamw`` decays the weights themselves."""

    kind: Literal["adam", "adamw"]
    lr: PositiveFloat = 1e-4
    weight_decay: NonNegativeFloat = 1e-4

    def build(self, parameters: Iterable[nn.Parameter]) -> Optimizer:
        """Make torch's optimiser."""
        from torch import optim

        make = optim.Adam if self.kind == "adam" else optim.AdamW
        return make(parameters, lr=self.lr, weight_decay=self.weight_decay, fused=True)


class SGD(_Part):
    """Stochastic gradient descent."""

    kind: Literal["sgd"]
    lr: PositiveFloat = 1e-3
    weight_decay: NonNegativeFloat = 1e-4
    momentum: float = Field(default=0.9, ge=0, lt=1)
    nesterov: bool = True

    def build(self, parameters: Iterable[nn.Parameter]) -> Optimizer:
        """Make torch's optimiser."""
        from torch import optim

        return optim.SGD(
            parameters,
            lr=self.lr,
            weight_decay=self.weight_decay,
            momentum=self.momentum,
            nesterov=self.nesterov and self.momentum > 0,
            fused=True,
        )


def _named(value: Any) -> Any:
    """Take the bare name of a kind for the kind with its defaults."""
    return {"kind": value} if isinstance(value, str) else value


Optimiser = Annotated[Adam | SGD, Field(discriminator="kind"), BeforeValidator(_named)]


class Constant(_Part):
    """The optimiser's learning rate throughout."""

    kind: Literal["constant"] = "constant"


class Cosine(_Part):
    """Half a cosine from the optimiser's learning rate down to 0, step by step (Loshchilov and Hutter 2017).

    Attributes
    ----------
    warmup
        Share of the training during which the rate first rises linearly from 0.
    """

    kind: Literal["cosine"] = "cosine"
    warmup: float = Field(default=0.0, ge=0, lt=1)

    def rate(self, progress: float) -> float:
        """Factor on the learning rate when this share of the training is done, 0 to 1.

        Examples
        --------
        >>> [round(Cosine(warmup=0.2).rate(p), 2) for p in (0.1, 0.2, 0.6, 1.0)]
        [0.5, 1.0, 0.5, 0.0]
        """
        if progress < self.warmup:
            return progress / self.warmup
        return 0.5 + 0.5 * math.cos(math.pi * (progress - self.warmup) / (1 - self.warmup))


class Step(_Part):
    """From this epoch on (the first is 0) another optimiser, beginning with the best weights so far."""

    epoch: PositiveInt
    optimiser: Optimiser


def _won() -> tuple[Step, ...]:
    rates = {80: 1e-3, 100: 1e-4, 120: 1e-5}
    return tuple(Step(epoch=epoch, optimiser=SGD(kind="sgd", lr=lr)) for epoch, lr in rates.items())


class Won(_Part):
    """Steps of other optimisers, at each of which the best weights so far are loaded again.

    The default are those of the training code of Won et al. 2020, after Adam with 1e-4 for 80 epochs: SGD with 1e-3 for
    20 epochs, 1e-4 for 20, then 1e-5. Where only the learning rate changes, the optimiser's momentum is kept.
    """

    kind: Literal["won"] = "won"
    steps: tuple[Step, ...] = Field(default_factory=_won, min_length=1)


Schedule = Annotated[Constant | Cosine | Won, Field(discriminator="kind"), BeforeValidator(_named)]


def rate(schedule: Constant | Cosine | Won, progress: float) -> float:
    """Return the factor on the optimiser's learning rate when this share of the training is done, 0 to 1."""
    return schedule.rate(progress) if isinstance(schedule, Cosine) else 1.0


def optimiser_at(first: Adam | SGD, schedule: Constant | Cosine | Won, epoch: int) -> tuple[Adam | SGD, bool]:
    """Say what optimises in an epoch.

    Parameters
    ----------
    first
        The recipe's optimiser.
    schedule
        The recipe's schedule.
    epoch
        Counted from 0.

    Returns
    -------
    optimiser, begins
        The optimiser, and whether a step of the schedule begins with this epoch.
    """
    steps = schedule.steps if isinstance(schedule, Won) else ()
    chosen = first
    for step in sorted(steps, key=lambda step: step.epoch):
        if step.epoch <= epoch:
            chosen = step.optimiser
    return chosen, any(step.epoch == epoch for step in steps)
