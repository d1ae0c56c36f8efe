"""Values on a regular time grid, and their means over clips and segments."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


class TimeGrid:
    """Values in frames of equal length.

    Parameters
    ----------
    values : (frames, size) float32
        Of all clips, one after another.
    counts : (clips,) int64
        Frames of each clip.
    samples_per_frame
        Length of a frame.
    """

    def __init__(self, values: NDArray[np.float32], counts: NDArray[np.int64], samples_per_frame: int) -> None:
        self._sums = np.concatenate([np.zeros((1, values.shape[1])), np.cumsum(values, axis=0, dtype=np.float64)])
        self._counts, self._offsets = counts, np.cumsum(counts) - counts
        self._samples_per_frame = samples_per_frame

    def of_clips(self, rows: NDArray[np.int64]) -> NDArray[np.float32]:
        """Return the mean over each clip.

        Parameters
        ----------
        rows : (batch,) int64
            Positions of the clips.

        Returns
        -------
        (batch, size) float32
        """
        return self._mean(rows, np.zeros_like(rows), self._counts[rows])

    def of_segments(self, rows: NDArray[np.int64], starts: NDArray[np.int64], samples: int) -> NDArray[np.float32]:
        """Return the mean over the frames that overlap a segment of each clip, as far as the clip has them.

        Parameters
        ----------
        rows : (batch,) int64
            Positions of the clips.
        starts : (batch,) int64
            First sample of each segment.
        samples
            Length of the segments.

        Returns
        -------
        (batch, size) float32
        """
        first = np.minimum(starts // self._samples_per_frame, self._counts[rows] - 1)
        stop = np.minimum(-(-(starts + samples) // self._samples_per_frame), self._counts[rows])
        return self._mean(rows, first, np.maximum(stop, first + 1))

    def _mean(self, rows: NDArray[np.int64], first: NDArray[np.int64], stop: NDArray[np.int64]) -> NDArray[np.float32]:
        offset = self._offsets[rows]
        mean: NDArray[np.float64] = (self._sums[offset + stop] - self._sums[offset + first]) / (stop - first)[:, None]
        return mean.astype(np.float32)
