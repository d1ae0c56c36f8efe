"""The section ``optim`` of a recipe, as plain data."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, NonNegativeFloat, PositiveFloat, PositiveInt


class Config(BaseModel):
    """Settings that cannot be changed; an unknown key is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid")


Seed = Annotated[int, Field(ge=0, lt=2**31)]  # what the generators of torch, scikit-learn and Optuna all take


def _expand_kind(value: Any) -> Any:
    """Expand the bare name of a kind to that kind with its defaults."""
    return {"kind": value} if isinstance(value, str) else value


Decay = Literal["all", "kernels"] | tuple[str, ...]


class Adam(Config):
    """Adam (Kingma and Ba 2015) with weight decay in the gradient, or ``adamw``, which decays the weights directly.

    Attributes
    ----------
    lr
        Learning rate.
    weight_decay
        Strength of the decay.
    decay
        What decays: all parameters; the kernels of convolutions and dense layers, without biases and batch norm; or
        the parameters with these names.
    """

    kind: Literal["adam", "adamw"]
    lr: PositiveFloat = 1e-4
    weight_decay: NonNegativeFloat = 1e-4
    decay: Decay = "all"


class SGD(Config):
    """Stochastic gradient descent.

    Attributes
    ----------
    lr
        Learning rate.
    weight_decay, decay
        Strength of the decay, and what decays; see `Adam`.
    momentum
        0 to below 1.
    nesterov
        Whether the momentum is Nesterov's.
    """

    kind: Literal["sgd"]
    lr: PositiveFloat = 1e-3
    weight_decay: NonNegativeFloat = 1e-4
    decay: Decay = "all"
    momentum: float = Field(default=0.9, ge=0, lt=1)
    nesterov: bool = True


OptimizerConfig = Annotated[Adam | SGD, Field(discriminator="kind"), BeforeValidator(_expand_kind)]


class Constant(Config):
    """A constant learning rate."""

    kind: Literal["constant"] = "constant"


class Cosine(Config):
    """Half a cosine from the optimizer's learning rate down to 0, step by step (Loshchilov and Hutter 2017).

    Attributes
    ----------
    warmup
        Share of the training during which the rate first rises linearly from 0.
    """

    kind: Literal["cosine"] = "cosine"
    warmup: float = Field(default=0.0, ge=0, lt=1)


class Step(Config):
    """A learning rate that falls in steps.

    Attributes
    ----------
    every
        Epochs between two steps.
    factor
        Of each step.
    """

    kind: Literal["step"] = "step"
    every: PositiveInt = 100
    factor: float = Field(default=0.1, gt=0, lt=1)


class Plateau(Config):
    """A learning rate that falls where the validation loss does not.

    Attributes
    ----------
    patience
        Epochs without a lower validation loss before a step, and before the next one.
    factor
        Of each step.
    """

    kind: Literal["plateau"] = "plateau"
    patience: PositiveInt = 75
    factor: float = Field(default=0.5, gt=0, lt=1)


class OptimizerStep(Config):
    """A change of the optimizer.

    Attributes
    ----------
    epoch
        First epoch of the new optimizer, counted from 0.
    optimizer
        The new optimizer. It starts from the best weights so far.
    """

    epoch: PositiveInt
    optimizer: OptimizerConfig


def _won_steps() -> tuple[OptimizerStep, ...]:
    rates = {80: 1e-3, 100: 1e-4, 120: 1e-5}
    return tuple(OptimizerStep(epoch=epoch, optimizer=SGD(kind="sgd", lr=lr)) for epoch, lr in rates.items())


class Won(Config):
    """A sequence of optimizers, each of which starts from the best weights so far.

    Attributes
    ----------
    steps
        The default follows the training code of Won et al. 2020, after 80 epochs of Adam with 1e-4: SGD with 1e-3 for
        20 epochs, 1e-4 for 20, then 1e-5. Where only the learning rate changes, the momentum is kept.
    """

    kind: Literal["won"] = "won"
    steps: tuple[OptimizerStep, ...] = Field(default_factory=_won_steps, min_length=1)


Schedule = Constant | Cosine | Step | Plateau | Won
ScheduleConfig = Annotated[Schedule, Field(discriminator="kind"), BeforeValidator(_expand_kind)]


class OptimConfig(Config):
    """The optimization.

    Attributes
    ----------
    epochs
        Maximum number of epochs.
    batch_size
        Maximum number of segments per step, in all processes; batches are as even as possible.
    accumulate
        Parts in which a process computes its segments of a step, one after the other, for less memory. Batch norm and
        the similarity of embeddings see one part at a time.
    patience
        Stop after this many epochs without a lower validation loss; None: never.
    validation
        What the validation loss is: the mean loss of clips, whose scores are the means of their segments, or of
        segments, as in Won et al. 2020.
    keep
        The epoch whose weights are exported: that of the lowest validation loss, or the last.
    precision
        32, or ``"bf16"``: layers in bfloat16 where that is safe, front end and weights in float32.
    ema
        Decay, per step, of the moving average of the weights that is validated and exported instead of the weights
        themselves; see `taggram.training.loop.averaging`. None: the weights themselves.
    optimizer
        The default is Adam as in Won et al. 2020.
    layer_decay
        Factor on the learning rate from each layer with weights to the one before it, for a network that starts from
        trained weights (Howard and Ruder 2018).
    schedule
        Changes of the learning rate, or of the optimizer.
    pos_weight
        ``"balanced"``: in the binary cross-entropy, the positives of a tag together weigh as much as its negatives,
        which makes rare tags heavier. None: all clips weigh the same.
    """

    epochs: PositiveInt = 200
    batch_size: int = Field(default=16, ge=2)
    accumulate: PositiveInt = 1
    patience: PositiveInt | None = None
    validation: Literal["clip", "segment"] = "clip"
    keep: Literal["best", "last"] = "best"
    precision: Literal[32, "bf16"] = 32
    ema: float | None = Field(default=None, gt=0, lt=1)
    optimizer: OptimizerConfig = Adam(kind="adam")
    layer_decay: float = Field(default=1.0, gt=0, le=1)
    schedule: ScheduleConfig = Constant()
    pos_weight: Literal["balanced"] | None = None
