"""One row for each comparison: what the student reaches, what another reaches, and whether the difference is real."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from taggram.metrics import Interval, bootstrap, macro, paired_bootstrap, roc_auc


@dataclass(frozen=True)
class Target:
    """What should be.

    Attributes
    ----------
    text
        As it stands in the table.
    met
        Whether it is, of the student's figure and its difference from the other's.
    """

    text: str
    met: Callable[[Interval, Interval | None], bool]


def at_least(limit: float) -> Target:
    """The figure itself reaches a limit."""
    return Target(f"figure >= {limit:g}", lambda figure, _: figure.value >= limit)


# The interval of the difference does not lie wholly below 0.
NOT_BELOW = Target("interval reaches 0", lambda _, difference: difference is not None and difference.high >= 0)


def within(margin: float) -> Target:
    """The figure is at most a margin below the other's."""
    return Target(
        f"difference >= {-margin:g}", lambda _, difference: difference is not None and difference.value >= -margin
    )


@dataclass(frozen=True)
class Row:
    """One comparison.

    Attributes
    ----------
    question, data, metric
        What was asked, on which clips, and what was counted.
    clips, tags
        How many of each the figure is over.
    student
        The student's figure.
    other
        Name of what it is compared with; empty where it stands alone.
    others, difference
        The other's figure, and the student's minus that, on the same resamples.
    target
        What should be; None where the figure only informs.
    """

    question: str
    data: str
    metric: str
    clips: int
    tags: int
    student: Interval
    other: str = ""
    others: Interval | None = None
    difference: Interval | None = None
    target: Target | None = None

    @property
    def met(self) -> bool | None:
        """Whether the target is met; None without one."""
        return None if self.target is None else self.target.met(self.student, self.difference)


def mean_auc(scores: np.ndarray, truth: np.ndarray) -> float:
    """Mean ROC-AUC of the labels that have positives and negatives."""
    return macro(roc_auc(scores, truth)).mean


@dataclass(frozen=True)
class Resampling:
    """How intervals are found; every row begins anew at the seed, so that all share their resamples.

    Attributes
    ----------
    resamples, seed
        How many, and where they come from.
    """

    resamples: int = 1000
    seed: int = 0

    def alone(self, statistic: Callable[..., float], scores: np.ndarray, *shared: np.ndarray) -> dict[str, Any]:
        """Return the figure of the student alone, as parts of a row."""
        return {"clips": len(scores), "student": bootstrap(statistic, scores, *shared, **self._draws())}

    def paired(
        self, statistic: Callable[..., float], student: np.ndarray, other: np.ndarray, *shared: np.ndarray
    ) -> dict[str, Any]:
        """Return the figures of student and other and their difference, as parts of a row."""
        return {
            **self.alone(statistic, student, *shared),
            "others": bootstrap(statistic, other, *shared, **self._draws()),
            "difference": paired_bootstrap(statistic, student, other, *shared, **self._draws()),
        }

    def _draws(self) -> dict[str, Any]:
        return {"rng": np.random.default_rng(self.seed), "resamples": self.resamples}
