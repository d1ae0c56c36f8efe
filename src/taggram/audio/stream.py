"""Audio files as mono float32 at any sample rate: whole (`read`) or in blocks of about a second (`AudioStream`)."""

import math
import os
import warnings
from collections.abc import Generator, Iterator
from types import TracebackType
from typing import Self

import numpy as np

from taggram._text import printable
from taggram.audio.decode import Decoder, seekable
from taggram.audio.downmix import cancellation_warnings
from taggram.audio.resample import Resampler, common_grid
from taggram.audio.sanitize import Sanitizer, Waveform, finite_peak
from taggram.audio.source import SAMPLE_RATES, AudioInfo, Source
from taggram.errors import AudioError, AudioWarning

__all__ = ["AudioStream", "read"]


class AudioStream:
    """A file, or a part of it, as blocks of mono samples; memory does not grow with the length of the file.

    It is a context manager and can be iterated once. Blocks are (samples,) float32 arrays: the mean of the channels,
    or one where they cancel, resampled by soxr HQ, full scale 1.0, finite and within -4..4 except for the ripple of the
    resampler.

    Parameters
    ----------
    path
        A regular file of any format FFmpeg decodes.
    sample_rate
        Rate of the blocks in Hz, 100 to 10 million; None keeps the file's.
    start
        Start in seconds, rounded to the nearest sample at `sample_rate`.
    duration
        Maximum duration in seconds, rounded likewise; None reads to the end.
    content
        What is read instead of the file, whose name `path` then is.
    exact
        Whether a part must equal that of the whole file. Otherwise `start` is always sought, which may be off by a
        second in some formats.

    Attributes
    ----------
    info : AudioInfo
        Description of the file by its header.
    seekable : bool
        Whether an exact `start` far into the file is reached without decoding everything before it.
    warnings : list of str
        Problems of the audio and their treatment, one line each; complete after the last block.

    Raises
    ------
    AudioError
        If the file cannot be read, has no audio, or ends before `start`, or if a parameter is out of range. During
        iteration, it is raised only before the first block.

    Notes
    -----
    A part of an undamaged file equals the same part of the whole file, sample for sample. In a damaged file the parts
    that cannot be decoded are left out, not replaced by silence.
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
        content: bytes | None = None,
        exact: bool = True,
    ) -> None:
        self._name = os.fsdecode(path)
        if sample_rate is not None and sample_rate not in SAMPLE_RATES:
            self._fail(f"cannot be read at {sample_rate} Hz: the rate must be a whole number, {_range(SAMPLE_RATES)}")
        if not (math.isfinite(start) and start >= 0):
            self._fail(f"cannot be read from {start} s on: the start must be 0 or more")
        if duration is not None and not (math.isfinite(duration) and duration > 0):
            self._fail(f"cannot be read for {duration} s: the duration must be above 0")
        self._start, self._duration, self._exact = start, duration, exact
        self._source = Source(path, content)
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
        """Close the file; the remaining blocks are lost."""
        self._blocks.close()
        self._source.close()

    def _run(self) -> Generator[Waveform, None, None]:
        first = round(self._start * self._rate)
        limit = None if self._duration is None else max(1, round(self._duration * self._rate))
        # The links of a chained file may have several rates, where no earlier sample may be left out.
        begin, skip = (0, first) if self._source.links else common_grid(first, self.info.sample_rate, self._rate)
        sanitizer = self._create_sanitizer()
        decoder = Decoder(self._source, exact=self._exact)
        given = 0
        for block in self._resampled(decoder, sanitizer, begin):
            piece = block[skip:][: None if limit is None else limit - given]
            skip = max(0, skip - block.size)
            given += piece.size
            if piece.size:
                yield piece
            if given == limit:
                break
        if given == 0:
            self._raise_no_samples(decoder)
        self.warnings += cancellation_warnings(decoder.cancelled) + sanitizer.warnings()
        self.warnings += self._losses(given / self._rate, given == limit, decoder)

    def _resampled(self, decoder: Decoder, sanitizer: Sanitizer, begin: int) -> Iterator[Waveform]:
        resample = Resampler(self._rate)
        for block, rate in decoder.blocks(begin):
            yield resample(sanitizer.apply(block), rate)
        yield resample.flush()

    def _create_sanitizer(self) -> Sanitizer:
        """Create the sanitizer; a file of float PCM is decoded once to find its peak."""
        if not self.info.codec.startswith("pcm_f"):
            return Sanitizer()
        peak = max((finite_peak(block) for block, _ in Decoder(self._source).blocks()), default=0.0)
        return Sanitizer(peak)

    def _losses(self, given: float, complete: bool, decoder: Decoder) -> list[str]:
        """Return a warning if part of the requested audio is missing."""
        lines = []
        if bad := self._source.unreadable_links:
            links = f"{bad} of the {len(self._source.links)} links of this chained Ogg file"
            lines.append(f"only {given:.1f} s could be decoded: no decodable audio in {links}")
        expected = given + decoder.lost
        promised = self._source.promised
        if promised is not None and not complete:
            rest = promised - self._start - decoder.paused
            expected = max(expected, rest if self._duration is None else min(rest, self._duration))
        lost = expected - given
        if lost > max(0.2, 0.01 * expected):
            lines.append(f"{lost:.1f} s of {expected:.1f} s could not be decoded: the file is damaged or cut short")
        elif decoder.cut and not complete and promised is None:
            lines.append(f"cut short after {given:.1f} s, inside a frame; the file does not state its length")
        return lines

    def _raise_no_samples(self, decoder: Decoder) -> None:
        """Raise an error with the reason why there are no samples."""
        if self._start > 0:
            length = sum(block.size / rate for block, rate in Decoder(self._source).blocks())
            if length:
                self._fail(f"has no audio at {self._start:g} s: it lasts {length:.2f} s")
        if decoder.lost:
            self._fail("is damaged, nothing in it can be decoded: download it again")
        self._fail("has no audio samples")

    def _fail(self, what: str) -> None:
        raise AudioError(f"{self._name} {what}")


def read(
    path: str | os.PathLike[str], sample_rate: int | None = None, *, start: float = 0.0, duration: float | None = None
) -> Waveform:
    """Decode a file, or a part of it, to a mono waveform.

    Parameters
    ----------
    path
        A regular file of any format FFmpeg decodes.
    sample_rate
        Rate of the result in Hz, 100 to 10 million; None keeps the file's.
    start
        Start in seconds, rounded to the nearest sample at `sample_rate`.
    duration
        Maximum duration in seconds, rounded likewise; None reads to the end.

    Returns
    -------
    (samples,) float32
        Mean of the channels, or one where they cancel, resampled by soxr HQ; full scale is 1.0; at least one sample.

    Raises
    ------
    AudioError
        If the file cannot be read, has no audio, or ends before `start`, or if a parameter is out of range.

    Warns
    -----
    AudioWarning
        If the file is damaged or cut short, if channels cancel, or if samples had to be changed.

    Examples
    --------
    >>> samples = read("examples/lets-go-fishin.opus", 16000, start=10, duration=3)
    >>> samples.shape, samples.dtype
    ((48000,), dtype('float32'))
    """
    with AudioStream(path, sample_rate, start=start, duration=duration) as stream:
        samples = np.concatenate(list(stream))
    for line in stream.warnings:
        warnings.warn(f"{printable(os.fsdecode(path))}: {line}", AudioWarning, stacklevel=2)
    return samples


def _range(values: range) -> str:
    return f"{values[0]} to {values[-1]}"
