"""Summaries of audio whose length is unknown before its end: peaks, and a mel spectrogram."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from taggram.features.picture import PICTURE, MelPower, mel_height

__all__ = ["MARKS", "Peaks", "Spectrogram", "frequency_marks", "resize_peaks"]

PEAKS = 1 << 15  # per track, at most
PEAK_SAMPLES = 32  # per peak, at least
COLUMNS = 1 << 13  # of a spectrogram, at most
RANGE = 70.0  # decibels below the maximum that are distinguished
MARKS = (100, 200, 500, 1000, 2000, 5000)  # Hz


class Peaks:
    """Minimum and maximum over equal spans of time."""

    def __init__(self) -> None:
        self._low = _Rows(np.minimum, PEAKS, PEAK_SAMPLES)
        self._high = _Rows(np.maximum, PEAKS, PEAK_SAMPLES)

    def add(self, samples: NDArray[np.float32]) -> None:
        """Append samples (samples,)."""
        self._low.add(samples)
        self._high.add(samples)

    def compute(self) -> NDArray[np.float32]:
        """Return the peaks (2, spans): minima and maxima."""
        return np.stack([self._low.rows()[0], self._high.rows()[0]])


class Spectrogram:
    """A mel spectrogram of samples at the rate of `PICTURE`, averaged over equal spans of time."""

    def __init__(self) -> None:
        self._rows, self._power = _Rows(np.add, COLUMNS), MelPower()

    def add(self, samples: NDArray[np.float32]) -> None:
        """Append samples (samples,)."""
        if len(power := self._power(samples)):
            self._rows.add(power)

    def compute(self) -> NDArray[np.uint8]:
        """Return the spectrogram (columns, mels): 255 is the maximum, 0 is 70 dB below or less."""
        self.add(np.zeros(PICTURE.n_fft, np.float32))  # the end, and audio that is shorter than a frame
        rows, weights = self._rows.rows()
        decibels = 10 * np.log10(np.maximum(rows / weights[:, None], 1e-10))
        scaled: NDArray[np.uint8] = np.clip(255 * (1 + (decibels - decibels.max()) / RANGE), 0, 255).astype(np.uint8)
        return scaled


def resize_peaks(peaks: NDArray[np.float32], points: int) -> NDArray[np.float32]:
    """Return peaks (2, spans) over at most so many spans."""
    count = peaks.shape[1]
    if count <= points:
        return peaks
    starts = np.arange(points) * count // points
    return np.stack([np.minimum.reduceat(peaks[0], starts), np.maximum.reduceat(peaks[1], starts)])


def frequency_marks() -> list[tuple[float, int]]:
    """Return heights in the spectrogram, from 0 at the bottom to 1 at the top, and the frequencies there in Hz."""
    return [(round(float(height), 4), hz) for height, hz in zip(mel_height(MARKS), MARKS, strict=True)]


class _Rows:
    """Rows of equal spans of time; when there are too many, neighbours are merged and the spans double.

    Parameters
    ----------
    merge
        Merges rows: `np.minimum`, `np.maximum` or `np.add`.
    limit
        Largest number of rows.
    span
        Number of values that make a row at first.
    """

    def __init__(self, merge: np.ufunc, limit: int, span: int = 1) -> None:
        self._merge, self._limit, self._span = merge, limit, span
        self._parts: list[NDArray[np.float32]] = []
        self._count = 0
        self._last: NDArray[np.float32] | None = None  # a row that is not complete
        self._weight = 0  # values in it

    def add(self, values: NDArray[np.float32]) -> None:
        """Append values (n,) or (n, bands)."""
        head = self._span - self._weight if self._weight else 0
        self._fill(values[:head])
        values = values[head:]
        whole = len(values) - len(values) % self._span
        if whole:
            self._append(values[:whole], self._span)
        self._fill(values[whole:])
        while self._count > self._limit:
            self._double()

    def rows(self) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
        """Return the rows, and how many values are in each."""
        weights = np.full(self._count, self._span)
        if self._last is None:
            return np.concatenate(self._parts), weights
        return np.concatenate([*self._parts, self._last[None]]), np.append(weights, self._weight)

    def _append(self, values: NDArray[np.float32], span: int) -> None:
        merged = self._merge.reduce(values.reshape(-1, span, *values.shape[1:]), axis=1)
        self._parts.append(merged)
        self._count += len(merged)

    def _fill(self, values: NDArray[np.float32]) -> None:
        if not len(values):
            return
        row = self._merge.reduce(values, axis=0)
        self._last = row if self._last is None else self._merge(self._last, row)
        self._weight += len(values)
        if self._weight == self._span:
            self._append(self._last[None], 1)
            self._last, self._weight = None, 0

    def _double(self) -> None:
        rows = np.concatenate(self._parts)
        even = len(rows) - len(rows) % 2
        self._parts, self._count = [], 0
        self._append(rows[:even], 2)
        if even < len(rows):  # the odd row becomes the begin of the incomplete one
            odd = rows[-1]
            self._last = odd if self._last is None else self._merge(odd, self._last)
            self._weight += self._span
        self._span *= 2
