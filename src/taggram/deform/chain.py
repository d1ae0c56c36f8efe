"""Deformations one after the other, and their text form."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from taggram.deform.attributes import Attribute, describes
from taggram.deform.registry import Value, find_deformation
from taggram.errors import DeformationError

__all__ = ["Chain", "Step"]


class Step(NamedTuple):
    """A deformation by name, and its strength."""

    name: str
    value: Value

    def __str__(self) -> str:
        return f"{self.name}={find_deformation(self.name).parameter.format(self.value)}"


class Chain:
    """Deformations one after the other; a single deformation of a certain strength is a chain of one.

    Parameters
    ----------
    steps
        Names and strengths, in order.

    Raises
    ------
    DeformationError
        If there is no step, an unknown name, or a strength outside its range.

    Examples
    --------
    >>> chain = Chain([("gain", -6), ("low_pass", 4000)])
    >>> str(chain), chain == Chain.parse("gain=-6,low-pass=4000")
    ('gain=-6,low_pass=4000', True)
    >>> chain(np.ones(8), 16000).dtype
    dtype('float32')
    """

    def __init__(self, steps: Iterable[tuple[str, Value]]) -> None:
        self.steps = tuple(_step(name, value) for name, value in steps)
        if not self.steps:
            raise DeformationError("a chain has at least one deformation")

    @classmethod
    def parse(cls, text: str) -> Chain:
        """Read the text form: ``name=strength``, separated by commas.

        Without ``=`` a deformation has its default strength. Hyphens in names stand for underscores.

        Raises
        ------
        DeformationError
            As for the class.
        """
        steps = []
        for part in text.split(","):
            name, given, value = part.partition("=")
            name = name.strip().replace("-", "_")
            steps.append((name, value.strip() if given else find_deformation(name).parameter.default))
        return cls(steps)

    def __call__(
        self, x: NDArray[np.floating], sample_rate: int, seed: int | np.random.Generator = 0
    ) -> NDArray[np.float32]:
        """Deform samples.

        Parameters
        ----------
        x : (samples,) float
            Mono samples; full scale is 1.0.
        sample_rate
            In Hz.
        seed
            Seed, or a generator, of all random steps together.

        Returns
        -------
        (samples,) float32
            At the same sample rate; full scale may be exceeded.

        Raises
        ------
        AudioError
            If the samples are not mono, not floats or not finite, if there are none, or if the rate is below 100.
        MissingExtraError
            If a step needs the deform extra.
        """
        rng = np.random.default_rng(seed)
        for name, value in self.steps:
            x = find_deformation(name)(x, sample_rate, value, rng)
        return x

    @property
    def name(self) -> str:
        """The names of the steps without their strengths, separated by commas."""
        return ",".join(name for name, _ in self.steps)

    @property
    def strength(self) -> str:
        """The strengths of the steps, separated by commas."""
        return ",".join(find_deformation(name).parameter.format(value) for name, value in self.steps)

    @property
    def changes(self) -> frozenset[Attribute]:
        """Attributes that any step changes."""
        return frozenset[Attribute]().union(*(find_deformation(name).changes for name, _ in self.steps))

    def changes_tag(self, tag: str) -> bool:
        """Return whether a tag names an attribute that is changed, as "fast" after a time stretch.

        Examples
        --------
        >>> chain = Chain.parse("time_stretch=1.2")
        >>> chain.changes_tag("fast"), chain.changes_tag("piano")
        (True, False)
        """
        return any(describes(tag, attribute) for attribute in self.changes)

    def __str__(self) -> str:
        """Return the text form, which `parse` turns into an equal chain."""
        return ",".join(map(str, self.steps))

    def __repr__(self) -> str:
        return f"Chain.parse({str(self)!r})"

    def __eq__(self, other: object) -> bool:
        return self.steps == other.steps if isinstance(other, Chain) else NotImplemented

    def __hash__(self) -> int:
        return hash(self.steps)


def _step(name: str, value: Value) -> Step:
    deformation = find_deformation(name)
    try:
        return Step(name, deformation.parameter.check(value))
    except DeformationError as error:
        raise DeformationError(f"{name}: {error}") from None
