"""Soft targets: the scores of teachers over time, with the logits of all tags on one scale."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from taggram.training.distillation.time_grid import TimeGrid

EPSILON = 1e-6  # probabilities are clipped this far from 0 and 1 before the logit


@dataclass(frozen=True)
class LogitScale:
    """An affine map of each tag's logits.

    The mean score of a teacher differs a lot between tags, and a tag that is usually at 0.02 would hardly be learned
    beside one that is usually at 0.5. So the logits of each tag are standardized. The last layer of the trained network
    is rescaled afterwards, so that it predicts probabilities.

    Attributes
    ----------
    mean, factor : (tags,) float64
        A logit x becomes (x - mean) * factor.
    """

    mean: NDArray[np.float64]
    factor: NDArray[np.float64]

    @classmethod
    def from_probabilities(cls, probabilities: NDArray[np.float32], std: float) -> LogitScale:
        """Measure the logits of each tag, and scale them to mean 0 and a standard deviation.

        Parameters
        ----------
        probabilities : (any, tags) float32
            Scores of teachers, 0 to 1; NaN for a tag that no teacher has, whose logits stay as they are.
        std
            Standard deviation of the scaled logits.
        """
        logits = logit(probabilities)
        known = ~np.isnan(logits).any(axis=0)
        mean, deviation = logits.mean(axis=0), logits.std(axis=0)
        return cls(np.where(known, mean, 0.0), np.where(known, std / np.maximum(deviation, 1e-6), 1.0))

    def __call__(self, probabilities: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the probabilities (..., tags) of the scaled logits."""
        scaled = (logit(probabilities) - self.mean) * self.factor
        probable: NDArray[np.float64] = 1 / (1 + np.exp(-scaled))
        return probable.astype(np.float32)

    def inverse(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return slope and offset (tags,) that map scaled logits back."""
        return 1 / self.factor, self.mean


class SoftTargets:
    """Scores of teachers over time, on a logit scale.

    Parameters
    ----------
    probabilities
        Scores of the teachers.
    scale
        Scale of the targets.
    """

    def __init__(self, probabilities: TimeGrid, scale: LogitScale) -> None:
        self._probabilities, self.scale = probabilities, scale

    def probabilities(self, rows: NDArray[np.int64]) -> NDArray[np.float32]:
        """Return the teachers' mean scores (batch, tags) of clips, unscaled.

        Parameters
        ----------
        rows : (batch,) int64
            Positions in the split.
        """
        return self._probabilities.of_clips(rows)

    def of_clips(self, rows: NDArray[np.int64]) -> NDArray[np.float32]:
        """Return the targets (batch, tags) of clips (batch,); see `Labels.of_clips`."""
        return self.scale(self.probabilities(rows))

    def of_segments(self, rows: NDArray[np.int64], starts: NDArray[np.int64], samples: int) -> NDArray[np.float32]:
        """Return the targets (batch, tags) of a segment of each clip; see `Labels.of_segments`."""
        return self.scale(self._probabilities.of_segments(rows, starts, samples))


def logit(probabilities: NDArray[np.float32]) -> NDArray[np.float64]:
    """Return ln(p / (1 - p)) of clipped probabilities."""
    p = np.clip(probabilities.astype(np.float64), EPSILON, 1 - EPSILON)
    return np.log(p / (1 - p))
