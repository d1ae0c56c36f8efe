"""The section ``sweep`` of a recipe: the settings that the trainings of a sweep differ in."""

from __future__ import annotations

import itertools
import json
import re
from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field, FiniteFloat, PositiveInt, field_validator, model_validator

from taggram.training.recipe.optim import Config, Seed


def _one_or_more(value: Any) -> Any:
    """Put a single grid into a list."""
    return [value] if isinstance(value, dict) else value


class Range(Config):
    """The values from `low` to `high`.

    Attributes
    ----------
    low, high
        Whole numbers, for whole numbers between them, or others.
    log
        Whether to search their logarithms.
    """

    low: int | FiniteFloat
    high: int | FiniteFloat
    log: bool = False

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.low >= self.high:
            raise ValueError(f"low must be below high, {self.high}")
        if self.log and self.low <= 0:
            raise ValueError("with log, low must be above 0")
        return self


def _to_plain(value: Any) -> Any:
    """Convert a number such as 1e-3, which YAML reads as text; raise an error for what the study cannot store."""
    try:
        json.dumps(value)
    except TypeError:
        raise ValueError(f"must be plain data: put {value} in quotes") from None
    return float(value) if isinstance(value, str) and re.fullmatch(r"-?[\d.]*\de[+-]?\d+", value) else value


Values = Annotated[tuple[Annotated[Any, BeforeValidator(_to_plain)], ...], Field(min_length=1)]
Grid = Annotated[dict[str, Values], Field(min_length=1)]


class SweepConfig(Config):
    """A sweep: trainings of one recipe with different settings.

    A setting is the key with its sections, as in ``optim.optimizer.lr``.

    Attributes
    ----------
    grid
        Values of each setting, in all combinations; of several grids, those of each.
    search
        Values of each setting, or a range of numbers, to search in place of a grid.
    sampler
        How a search chooses: ``"tpe"``, the tree-structured Parzen estimator (Bergstra et al. 2011), or ``"random"``.
    trials
        Combinations that a search tries.
    prune
        Whether a training stops early if it is worse than half of the others after as many epochs.
    seeds
        Each combination is trained once with each of them.
    metric
        What combinations are compared by, on the validation split.
    """

    grid: Annotated[tuple[Grid, ...], BeforeValidator(_one_or_more)] = ()
    search: dict[str, Range | Values] = Field(default_factory=dict)
    sampler: Literal["tpe", "random"] = "tpe"
    trials: PositiveInt = 20
    prune: bool = False
    seeds: tuple[Seed, ...] = Field(default=(0,), min_length=1)
    metric: Literal["roc_auc", "average_precision", "validation_loss"] = "roc_auc"

    @field_validator("seeds")
    @classmethod
    def _check_seeds(cls, seeds: tuple[int, ...]) -> tuple[int, ...]:
        if len(set(seeds)) < len(seeds):
            raise ValueError("each seed must be unique")
        return seeds

    @model_validator(mode="after")
    def _check_kind(self) -> Self:
        if bool(self.grid) == bool(self.search):
            raise ValueError("needs either grid or search")
        return self

    def cells(self) -> list[dict[str, Any]]:
        """Return the combinations of the grid in order, each one once; none for a search."""
        cells: list[dict[str, Any]] = []
        for grid in self.grid:
            for values in itertools.product(*grid.values()):
                cell = dict(zip(grid, values, strict=True))
                if cell not in cells:
                    cells.append(cell)
        return cells

    @property
    def trainings(self) -> int:
        """Number of trainings: the combinations, or the trials of a search, times the seeds."""
        return (len(self.cells()) or self.trials) * len(self.seeds)
