"""Results of comparisons: values with intervals, and the targets that they should meet."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from taggram.metrics import Interval, bootstrap, paired_bootstrap

__all__ = ["NOT_BELOW", "ComparisonResult", "Resampling", "Target", "at_least", "within"]


@dataclass(frozen=True)
class Target:
    """A requirement on the student's value or on its difference from the reference.

    Attributes
    ----------
    text
        Its text in tables.
    met
        Whether the student's value and the difference meet it.
    """

    text: str
    met: Callable[[Interval, Interval | None], bool]


def at_least(limit: float) -> Target:
    """Require that the value itself reaches a limit."""
    return Target(f"figure >= {limit:g}", lambda value, _: value.value >= limit)


# The interval of the difference is not entirely below 0.
NOT_BELOW = Target("interval reaches 0", lambda _, difference: difference is not None and difference.high >= 0)


def within(margin: float) -> Target:
    """Require that the value is at most a margin below the reference."""
    return Target(
        f"difference >= {-margin:g}", lambda _, difference: difference is not None and difference.value >= -margin
    )


@dataclass(frozen=True)
class ComparisonResult:
    """The value of a metric for the student, and for a reference if there is one.

    Attributes
    ----------
    question, data, metric
        What is evaluated, on which clips, by which metric.
    clips, tags
        Number of each that the metric is computed over.
    student
        Value of the student.
    reference
        Name of the teacher or ensemble that it is compared with; empty without a reference.
    reference_value, difference
        Value of the reference, and that of the student minus it on the same resamples.
    target
        Requirement; None for a value that only informs.
    """

    question: str
    data: str
    metric: str
    clips: int
    tags: int
    student: Interval
    reference: str = ""
    reference_value: Interval | None = None
    difference: Interval | None = None
    target: Target | None = None

    @property
    def met(self) -> bool | None:
        """Whether the target is met; None without one."""
        return None if self.target is None else self.target.met(self.student, self.difference)


@dataclass(frozen=True)
class Resampling:
    """Settings of the intervals; every result begins at the seed, so that all have the same resamples.

    Attributes
    ----------
    resamples, seed
        Number of resamples, and seed of their draws.
    """

    resamples: int = 1000
    seed: int = 0

    def single(self, statistic: Callable[..., float], scores: NDArray[Any], *shared: NDArray[Any]) -> dict[str, Any]:
        """Return the fields of a `ComparisonResult` for a student alone."""
        return {"clips": len(scores), "student": bootstrap(statistic, scores, *shared, **self._draws())}

    def paired(
        self, statistic: Callable[..., float], student: NDArray[Any], reference: NDArray[Any], *shared: NDArray[Any]
    ) -> dict[str, Any]:
        """Return the fields of a `ComparisonResult` for a student and a reference."""
        return {
            **self.single(statistic, student, *shared),
            "reference_value": bootstrap(statistic, reference, *shared, **self._draws()),
            "difference": paired_bootstrap(statistic, student, reference, *shared, **self._draws()),
        }

    def _draws(self) -> dict[str, Any]:
        return {"rng": np.random.default_rng(self.seed), "resamples": self.resamples}
