"""What a network is to answer for a segment: the labels of its clip, or what teachers say of that stretch of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np

from taggram.errors import RecipeError
from taggram.training.over_time import OverTime

if TYPE_CHECKING:
    from jaxtyping import Float32, Float64, Int64

SURE = 1e-4  # probabilities are kept this far from 0 and 1 before their odds are taken


class Targets(Protocol):
    """Of the clips of a split, by row."""

    def of_clips(self, rows: Int64[np.ndarray, " batch"]) -> Float32[np.ndarray, "batch tags"]:
        """Return what is true of whole clips."""

    def of_segments(
        self, rows: Int64[np.ndarray, " batch"], starts: Int64[np.ndarray, " batch"], samples: int
    ) -> Float32[np.ndarray, "batch tags"]:
        """Return what is true of a segment of each clip."""


@dataclass(frozen=True)
class Labels:
    """A label of a clip holds for each of its segments.

    Attributes
    ----------
    array : (clips, tags) float32
        1 where a tag holds, else 0; of a quantity its value.
    """

    array: Float32[np.ndarray, "clips tags"]

    @classmethod
    def of(cls, labels: Sequence[Sequence[str]], tags: Sequence[str]) -> Labels:
        """Look the labels of clips up; those that are none of the tags are ignored.

        Parameters
        ----------
        labels
            Of each clip: tags that hold, or a tag and how much of it there is, as in ``valence=0.73``.
        tags
            The columns.

        Raises
        ------
        RecipeError
            If a quantity is no number within 0 and 1.
        """
        column = {tag: i for i, tag in enumerate(tags)}
        array = np.zeros((len(labels), len(tags)), np.float32)
        for row, of_clip in zip(array, labels, strict=True):
            for label in of_clip:
                tag, _, quantity = label.rpartition("=")
                if label in column:
                    row[column[label]] = 1
                elif tag in column:
                    row[column[tag]] = _within_0_and_1(quantity, label)
        return cls(array)

    def of_clips(self, rows: Int64[np.ndarray, " batch"]) -> Float32[np.ndarray, "batch tags"]:
        """Return the labels; see `Targets`."""
        targets: np.ndarray = self.array[rows]
        return targets

    def of_segments(
        self, rows: Int64[np.ndarray, " batch"], starts: Int64[np.ndarray, " batch"], samples: int
    ) -> Float32[np.ndarray, "batch tags"]:
        """Return the labels of the clips; see `Targets`."""
        del starts, samples
        return self.of_clips(rows)


def _within_0_and_1(text: str, label: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value <= 1:
        raise RecipeError(f"the label {label!r} says how much of a tag there is, which must be a number within 0 and 1")
    return value


@dataclass(frozen=True)
class Scale:
    """Log odds of each tag, brought to one scale.

    A teacher's usual score differs a lot from tag to tag. What a student is to learn of each tag alike is how much more
    or less likely it is than usual: its log odds minus their mean, over their deviation, times a sharpness. The
    network's last layer is turned back afterwards, so that it answers probabilities.

    Attributes
    ----------
    mean, factor : (tags,) float64
        A log odds x becomes (x - mean) * factor.
    """

    mean: Float64[np.ndarray, " tags"]
    factor: Float64[np.ndarray, " tags"]

    @classmethod
    def of(cls, probabilities: Float32[np.ndarray, "any tags"], sharpness: float) -> Scale:
        """Measure mean and deviation of the log odds of each tag; log odds then have `sharpness` as deviation."""
        odds = log_odds(probabilities)
        return cls(odds.mean(axis=0), sharpness / np.maximum(odds.std(axis=0), 1e-6))

    def __call__(self, probabilities: Float32[np.ndarray, "*any tags"]) -> Float32[np.ndarray, "*any tags"]:
        """Return the probabilities that belong to the scaled log odds."""
        scaled = (log_odds(probabilities) - self.mean) * self.factor
        probable: np.ndarray = 1 / (1 + np.exp(-scaled))
        return probable.astype(np.float32)

    def back(self) -> tuple[Float64[np.ndarray, " tags"], Float64[np.ndarray, " tags"]]:
        """Return slope and offset by which scaled log odds become log odds again."""
        return 1 / self.factor, self.mean


class SoftTargets:
    """Probabilities over time, on one scale for all tags.

    Parameters
    ----------
    probabilities
        What teachers say.
    scale
        On which targets are given.
    """

    def __init__(self, probabilities: OverTime, scale: Scale) -> None:
        self._probabilities, self.scale = probabilities, scale

    def probabilities(self, rows: Int64[np.ndarray, " batch"]) -> Float32[np.ndarray, "batch tags"]:
        """Return the mean of what the teachers say of whole clips, before it is scaled."""
        return self._probabilities.of_clips(rows)

    def of_clips(self, rows: Int64[np.ndarray, " batch"]) -> Float32[np.ndarray, "batch tags"]:
        """Return the mean over a clip; see `Targets`."""
        return self.scale(self.probabilities(rows))

    def of_segments(
        self, rows: Int64[np.ndarray, " batch"], starts: Int64[np.ndarray, " batch"], samples: int
    ) -> Float32[np.ndarray, "batch tags"]:
        """Return the mean over the cells that a segment touches; see `Targets`."""
        return self.scale(self._probabilities.of_segments(rows, starts, samples))


def log_odds(probabilities: Float32[np.ndarray, "*any tags"]) -> Float64[np.ndarray, "*any tags"]:
    """Return ln(p / (1 - p)) of probabilities that are kept away from 0 and 1."""
    p = np.clip(probabilities.astype(np.float64), SURE, 1 - SURE)
    odds: np.ndarray = np.log(p / (1 - p))
    return odds
