"""Summaries of audio whose length is unknown before its end: peaks, and a mel spectrogram."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from taggram.features import FrontEnd
from taggram.features.mel import hz_to_mel, mel_filters

__all__ = ["FRONT_END", "MARKS", "Peaks", "Spectrogram", "frequency_marks", "resize_peaks"]

PEAKS = 1 << 15  # per track, at most
PEAK_SAMPLES = 32  # per peak, at least
COLUMNS = 1 << 13  # of a spectrogram, at most
RANGE = 70.0  # decibels below the maximum that are distinguished
MARKS = (100, 200, 500, 1000, 2000, 5000)  # Hz
FRONT_END = FrontEnd(sample_rate=16000, n_fft=1024, hop=512, n_mels=128, mel_scale="slaney")


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
    """A mel spectrogram of samples at the rate of `FRONT_END`, averaged over equal spans of time."""

    def __init__(self) -> None:
        self._power = _Rows(np.add, COLUMNS)
        self._rest = np.zeros(FRONT_END.n_fft // 2, np.float32)
        self._window = np.hanning(FRONT_END.n_fft + 1)[:-1].astype(np.float32)
        self._filters = mel_filters(FRONT_END).astype(np.float32)

    def add(self, samples: NDArray[np.float32]) -> None:
        """Append samples (samples,)."""
        self._rest = np.concatenate([self._rest, samples])
        if len(self._rest) < FRONT_END.n_fft:
            return
        frames = np.lib.stride_tricks.sliding_window_view(self._rest, FRONT_END.n_fft)[:: FRONT_END.hop]
        self._power.add(np.abs(np.fft.rfft(frames * self._window)) ** 2 @ self._filters)
        self._rest = self._rest[len(frames) * FRONT_END.hop :]

    def compute(self) -> NDArray[np.uint8]:
        """Return the spectrogram (columns, mels): 255 is the maximum, 0 is 70 dB below or less."""
        self.add(np.zeros(FRONT_END.n_fft, np.float32))  # the end, and audio that is shorter than a frame
        rows, weights = self._power.rows()
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
    low, high = hz_to_mel([FRONT_END.f_min, FRONT_END.top], FRONT_END.mel_scale)
    heights = (hz_to_mel(MARKS, FRONT_END.mel_scale) - low) / (high - low)
    return [(round(float(height), 4), hz) for height, hz in zip(heights, MARKS, strict=True)]


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
