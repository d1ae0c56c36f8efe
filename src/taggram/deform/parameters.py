"""The strength of a deformation: a number in a range, or one of several choices."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from taggram.errors import DeformationError, did_you_mean

__all__ = ["Choices", "Range"]


@dataclass(frozen=True)
class Range:
    """A number between two limits, both included.

    Parameters
    ----------
    name
        Name of the parameter in the function.
    low, high
        The limits.
    default
        A moderate strength.
    unit
        As in ``"dB"``; empty where the name has it.

    Examples
    --------
    >>> cutoff = Range("cutoff", 100, 20000, default=4000, unit="Hz")
    >>> cutoff.check("2000"), str(cutoff)
    (2000.0, 'cutoff 100 to 20000 Hz')
    """

    name: str
    low: float
    high: float
    default: float
    unit: str = ""

    def check(self, value: float | str) -> float:
        """Return a value as a number.

        Raises
        ------
        DeformationError
            If it is no number or outside the range.
        """
        try:
            number = float(value)
        except (TypeError, ValueError):
            number = math.nan
        if not self.low <= number <= self.high:
            raise DeformationError(f"{self.name} must be a number from {self._limits}, not {value!r}")
        return number

    def format(self, value: float | str) -> str:
        """Return the shortest text of a number that `check` turns into the same number."""
        return np.format_float_positional(float(value), trim="-")

    @property
    def extremes(self) -> tuple[float, ...]:
        """The limits."""
        return self.low, self.high

    @property
    def _limits(self) -> str:
        return f"{self.format(self.low)} to {self.format(self.high)} {self.unit}".rstrip()

    def __str__(self) -> str:
        return f"{self.name} {self._limits}"


@dataclass(frozen=True)
class Choices:
    """One of several values.

    Parameters
    ----------
    name
        Name of the parameter in the function.
    values
        The values, all strings or all integers.
    default
        A moderate one of them.
    unit
        As in ``"kb/s"``; empty without one.

    Examples
    --------
    >>> bit_rate = Choices("bit_rate", (32, 64, 128), default=64, unit="kb/s")
    >>> bit_rate.check("32"), str(bit_rate)
    (32, 'bit_rate 32, 64, 128 kb/s')
    """

    name: str
    values: tuple[str | int, ...]
    default: str | int
    unit: str = ""

    def check(self, value: float | str) -> str | int:
        """Return a value as one of the choices.

        Raises
        ------
        DeformationError
            If it is none of them.
        """
        for choice in self.values:
            if value == choice or (isinstance(value, str) and value == self.format(choice)):
                return choice
        near = did_you_mean(str(value), map(self.format, self.values))
        raise DeformationError(f"{self.name} must be one of {self._listed}, not {value!r}{near}")

    def format(self, value: float | str) -> str:
        """Return a choice as text that `check` turns into the same choice."""
        return str(value)

    @property
    def extremes(self) -> tuple[str | int, ...]:
        """All choices."""
        return self.values

    @property
    def _listed(self) -> str:
        return f"{', '.join(map(self.format, self.values))} {self.unit}".rstrip()

    def __str__(self) -> str:
        return f"{self.name} {self._listed}"
