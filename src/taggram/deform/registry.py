"""The registry of deformations."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from taggram.deform.attributes import Attribute
from taggram.deform.parameters import Choices, Range
from taggram.errors import DeformationError, did_you_mean

__all__ = ["DEFORMATIONS", "Deformation", "Value", "find_deformation", "register"]

Value = float | str
F = TypeVar("F", bound=Callable[..., NDArray[np.float32]])


@dataclass(frozen=True)
class Deformation:
    """A registered deformation; its ``name`` is that of the function.

    Attributes
    ----------
    function
        Takes samples, sample rate and strength, and a seed if the deformation is random.
    parameter
        The strength: its name, range and default.
    published
        Strengths at the ends of the range in the robustness test of Won et al. (SMC 2020), after MUDA; empty for a
        deformation that the test lacks.
    changes
        Attributes that are no longer those of the original, so that tags that name them may be wrong.
    keeps_length
        Whether the result has as many samples as the original.
    """

    function: Callable[..., NDArray[np.float32]]
    parameter: Range | Choices
    published: tuple[Value, ...]
    changes: frozenset[Attribute]
    keeps_length: bool

    @property
    def name(self) -> str:
        """The name of the function."""
        return self.function.__name__

    @property
    def summary(self) -> str:
        """The first line of the docstring."""
        return (inspect.getdoc(self.function) or "").partition("\n")[0]

    @property
    def is_random(self) -> bool:
        """Whether the function takes a seed."""
        return "seed" in inspect.signature(self.function).parameters

    def __call__(
        self, x: NDArray[np.floating], sample_rate: int, value: Value, seed: int | np.random.Generator = 0
    ) -> NDArray[np.float32]:
        """Deform samples; a deformation that is not random ignores the seed."""
        return self.function(x, sample_rate, value, **({"seed": seed} if self.is_random else {}))


DEFORMATIONS: dict[str, Deformation] = {}
"""All deformations by name."""


def register(
    parameter: Range | Choices,
    *,
    published: tuple[Value, ...] = (),
    changes: Collection[Attribute] = (),
    keeps_length: bool = True,
) -> Callable[[F], F]:
    """Register a function as a deformation, under its name (a decorator); see `Deformation` for the parameters.

    Raises
    ------
    DeformationError
        If another module has registered that name.
    """

    def decorate(function: F) -> F:
        deformation = Deformation(function, parameter, published, frozenset(changes), keeps_length)
        other = DEFORMATIONS.setdefault(deformation.name, deformation)
        if other.function.__module__ != function.__module__:
            raise DeformationError(
                f"{function.__module__}: {other.function.__module__} already registers a deformation named {other.name}"
            )
        return function

    return decorate


def find_deformation(name: str) -> Deformation:
    """Return a deformation by name.

    Raises
    ------
    DeformationError
        If no deformation has that name.
    """
    if name not in DEFORMATIONS:
        near = did_you_mean(name, DEFORMATIONS)
        raise DeformationError(f"no deformation is named {name!r}{near or '; there are: ' + ', '.join(DEFORMATIONS)}")
    return DEFORMATIONS[name]
