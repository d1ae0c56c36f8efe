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
        As in ``"dB"``.

    Examples
    --------
    >>> cutoff = Range("cutoff", 100, 20000, default=4000, unit="Hz")
    >>> cutoff.check("2000"), str(cutoff)
    (2000.0, 'cutoff 100 to 20000 Hz, default 4000')
    """

    name: str
    low: float
    high: float
    default: float
    unit: str

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
            limits = f"{self.format(self.low)} to {self.format(self.high)} {self.unit}"
            raise DeformationError(f"{self.name} must be a number from {limits}, not {value!r}")
        return number

    def format(self, value: float) -> str:
        """Return the shortest text of a number that `check` turns into the same number."""
        return np.format_float_positional(value, trim="-")

    @property
    def extremes(self) -> tuple[float, ...]:
        """The limits."""
        return self.low, self.high

    def __str__(self) -> str:
        low, high, default = map(self.format, (self.low, self.high, self.default))
        return f"{self.name} {low} to {high} {self.unit}, default {default}"


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
    (32, 'bit_rate 32, 64, 128 kb/s, default 64')
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
        unit = f" {self.unit}" if self.unit else ""
        listed = ", ".join(map(self.format, self.values)) + unit
        near = did_you_mean(str(value), map(self.format, self.values))
        raise DeformationError(f"{self.name} must be one of {listed}, not {value!r}{near}")

    def format(self, value: float | str) -> str:
        """Return a choice as text that `check` turns into the same choice."""
        return str(value)

    @property
    def extremes(self) -> tuple[str | int, ...]:
        """All choices."""
        return self.values

    def __str__(self) -> str:
        unit = f" {self.unit}" if self.unit else ""
        return f"{self.name} {', '.join(map(str, self.values))}{unit}, default {self.default}"
