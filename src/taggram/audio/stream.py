"""Audio files as mono float32 at a wished rate: whole (`read`) or in blocks of about a second (`AudioStream`)."""

import math
import os
import warnings
from collections.abc import Generator, Iterator
from types import TracebackType
from typing import Self

import numpy as np

from taggram.audio.decode import Decoder, seekable
from taggram.audio.levels import Levels, Waveform, finite_peak
from taggram.audio.resample import Resampler, common_grid
from taggram.audio.source import SAMPLE_RATES, AudioInfo, Source, shown
from taggram.errors import AudioError, AudioWarning

__all__ = ["AudioStream", "read"]


class AudioStream:
    """A file, or a stretch of one, as blocks of mono samples; memory does not grow with the file's length.

    It is a context manager and can be iterated once. Blocks are (samples,) float32 arrays: the mean of the channels,
    resampled by soxr HQ, full scale 1.0, finite and within -4..4 but for the ripple of the resampler.

    Parameters
    ----------
    path
        A regular file of any format FFmpeg decodes.
    sample_rate
        Rate of the blocks in Hz, 100 to 10 million; None keeps the file's.
    start
        Where to begin, in seconds, rounded to the nearest sample at `sample_rate`.
    duration
        How much to give at most, in seconds, rounded likewise; None is all.

    Attributes
    ----------
    info : AudioInfo
        What the file says of itself.
    seekable : bool
        Whether a `start` far into the file is reached without decoding what comes before it.
    warnings : list of str
        What was wrong and what was done about it, one line each; complete when the last block is out.

    Raises
    ------
    AudioError
        If the file cannot be read, holds no audio, or ends before `start`, or if a parameter is out of range. While
        blocks are given out, it is raised only before the first.

    Notes
    -----
    A stretch is sample for sample what the same stretch of the whole file is, where the file is undamaged. In a damaged
    file the parts that cannot be decoded are left out, not filled with silence.
    """

    info: AudioInfo
    seekable: bool
    warnings: list[str]

    def __init__(
        self,
        path: str | os.PathLike[str],
        sample_rate: int | None = None,
        *,
        start: float = 0.0,
        duration: float | None = None,
    ) -> None:
        self._name = shown(path)
        if sample_rate is not None and sample_rate not in SAMPLE_RATES:
            self._fail(f"cannot be read at {sample_rate} Hz: ask for a whole number, {_range(SAMPLE_RATES)}")
        if not (math.isfinite(start) and start >= 0):
            self._fail(f"cannot be read from {start} s on: ask for a start of 0 or more")
        if duration is not None and not (math.isfinite(duration) and duration > 0):
            self._fail(f"cannot be read for {duration} s: ask for a duration above 0, or None for all")
        self._start, self._duration = start, duration
        self._source = Source(path)
        self.info = self._source.info
        self.seekable = seekable(self._source)
        self._rate = int(sample_rate or self.info.sample_rate)
        self.warnings = []
        self._blocks = self._run()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def __iter__(self) -> Iterator[Waveform]:
        return self._blocks

    def close(self) -> None:
        """Close the file; blocks not yet given out are lost."""
        self._blocks.close()
        self._source.close()

    def _run(self) -> Generator[Waveform, None, None]:
        first = round(self._start * self._rate)
        wanted = None if self._duration is None else max(1, round(self._duration * self._rate))
        begin, skip = common_grid(first, self.info.sample_rate, self._rate)
        levels = self._levels()
        decoder = Decoder(self._source)
        given = 0
        for block in self._resampled(decoder, levels, begin):
            piece = block[skip:][: None if wanted is None else wanted - given]
            skip = max(0, skip - block.size)
            given += piece.size
            if piece.size:
                yield piece
            if given == wanted:
                break
        if given == 0:
            self._explain_nothing(decoder)
        self.warnings += levels.warnings() + self._losses(given / self._rate, given == wanted, decoder)

    def _resampled(self, decoder: Decoder, levels: Levels, begin: int) -> Iterator[Waveform]:
        resample = Resampler(self._rate)
        for block, rate in decoder.blocks(begin):
            yield resample(levels.apply(block), rate)
        yield resample.flush()

    def _levels(self) -> Levels:
        """Choose the level rules for this file; a file of float PCM is read through once to find its unit."""
        if not self.info.codec.startswith("pcm_f"):
            return Levels()
        peak = max((finite_peak(block) for block, _ in Decoder(self._source).blocks()), default=0.0)
        return Levels(peak)

    def _losses(self, given: float, complete: bool, decoder: Decoder) -> list[str]:
        """Give the warning that part of what was asked for is missing, if it is."""
        expected = given + decoder.lost
        promised = self._source.promised
        if promised is not None and not complete:
            rest = promised - self._start
            expected = max(expected, rest if self._duration is None else min(rest, self._duration))
        lost = expected - given
        if lost > max(0.2, 0.01 * expected):
            return [f"{lost:.1f} s of {expected:.1f} s could not be decoded: the file is damaged or cut short"]
        if decoder.cut and not complete and promised is None:
            return [f"cut short after {given:.1f} s, inside a frame; the file does not say how long it was"]
        return []

    def _explain_nothing(self, decoder: Decoder) -> None:
        """Raise the error that says why there is not one sample to give."""
        if self._start > 0:
            length = sum(block.size / rate for block, rate in Decoder(self._source).blocks())
            if length:
                self._fail(f"has no audio at {self._start:g} s: it lasts {length:.2f} s")
        if decoder.lost:
            self._fail("is damaged throughout, nothing in it could be decoded: fetch it again")
        self._fail("holds no audio samples")

    def _fail(self, what: str) -> None:
        raise AudioError(f"{self._name} {what}")


def read(
    path: str | os.PathLike[str], sample_rate: int | None = None, *, start: float = 0.0, duration: float | None = None
) -> Waveform:
    """Decode a file, or a stretch of one, to a mono waveform.

    Parameters
    ----------
    path
        A regular file of any format FFmpeg decodes.
    sample_rate
        Rate of the result in Hz, 100 to 10 million; None keeps the file's.
    start
        Where to begin, in seconds, rounded to the nearest sample at `sample_rate`.
    duration
        How much to read at most, in seconds, rounded likewise; None is all.

    Returns
    -------
    (samples,) float32
        Mean of the channels, resampled by soxr HQ; full scale is 1.0; at least one sample.

    Raises
    ------
    AudioError
        If the file cannot be read, holds no audio, or ends before `start`, or if a parameter is out of range.

    Warns
    -----
    AudioWarning
        If the file is damaged, cut short, or had to be brought to another level.
    """
    with AudioStream(path, sample_rate, start=start, duration=duration) as stream:
        samples = np.concatenate(list(stream))
    for line in stream.warnings:
        warnings.warn(f"{shown(path)}: {line}", AudioWarning, stacklevel=2)
    return samples


def _range(values: range) -> str:
    return f"{values[0]} to {values[-1]}"
