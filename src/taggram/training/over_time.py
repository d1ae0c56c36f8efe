"""What changes in the course of clips, and its mean over any stretch of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from jaxtyping import Float32, Int64


class OverTime:
    """Values in cells of equal length.

    Parameters
    ----------
    values
        Of all clips one after another.
    cells
        How many cells each clip has.
    samples_per_cell
        Their length.
    """

    def __init__(
        self, values: Float32[np.ndarray, "cells size"], cells: Int64[np.ndarray, " clips"], samples_per_cell: int
    ) -> None:
        self._sums = np.concatenate([np.zeros((1, values.shape[1])), np.cumsum(values, axis=0, dtype=np.float64)])
        self._cells, self._first = cells, np.cumsum(cells) - cells
        self._samples = samples_per_cell

    def of_clips(self, rows: Int64[np.ndarray, " batch"]) -> Float32[np.ndarray, "batch size"]:
        """Return the mean over each clip."""
        return self._mean(rows, np.zeros_like(rows), self._cells[rows])

    def of_segments(
        self, rows: Int64[np.ndarray, " batch"], starts: Int64[np.ndarray, " batch"], samples: int
    ) -> Float32[np.ndarray, "batch size"]:
        """Return the mean over the cells that a segment of each clip touches, as many as the clip has."""
        first = np.minimum(starts // self._samples, self._cells[rows] - 1)
        last = np.minimum(-(-(starts + samples) // self._samples), self._cells[rows])
        return self._mean(rows, first, np.maximum(last, first + 1))

    def _mean(
        self, rows: Int64[np.ndarray, " n"], first: Int64[np.ndarray, " n"], last: Int64[np.ndarray, " n"]
    ) -> Float32[np.ndarray, "n size"]:
        begin = self._first[rows]
        mean: np.ndarray = (self._sums[begin + last] - self._sums[begin + first]) / (last - first)[:, None]
        return mean.astype(np.float32)
