"""Segmenter: cuts clips into the segments of a model, from memory or as a stream with bounded memory."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from taggram.audio import AudioStream, Segmentation, Sliding, WholeClip, fill
from taggram.audio.segments import EvenlySpaced, cut
from taggram.errors import AudioError, ModelError
from taggram.models.card import Segments

SILENCE = 1e-3  # root mean square around the mean, -60 dB below full scale
MAX_WHOLE_CLIP = 600.0  # seconds
MAX_IN_MEMORY = 600.0  # seconds; longest clip that is kept in memory where its length determines its segments
# One seek takes as long as decoding this many seconds and this share of the file, whose index has to be built.
SEEK_SECONDS, SEEK_SHARE = 10.0, 0.05

Segment = tuple[int, NDArray[np.float32]]


@dataclass
class AudioSource:
    """Samples of a clip, from a file or an array, with what has been measured while they were read.

    Attributes
    ----------
    path
        The file; None for an array or the content of a file without a name.
    samples : (samples,) float32
        The array; None for a file.
    sample_rate
        Sample rate of the blocks and of `samples`, in Hz.
    start, duration
        Part of the file, in seconds; a duration of None lasts to the end.
    content
        The bytes of the file if they are in memory.
    length
        Number of samples read.
    total, power
        Sums of the samples and of their squares; full scale is 1.
    measured
        Number of samples in these sums.
    warnings
        Problems of the audio, one line each.
    metadata
        Title, artist and so on, as in the file.
    """

    path: str | None
    samples: NDArray[np.float32] | None
    sample_rate: int
    start: float = 0.0
    duration: float | None = None
    content: bytes | None = None
    length: int = 0
    total: float = 0.0
    power: float = 0.0
    measured: int = 0
    warnings: list[str] = field(default_factory=list)
    metadata: dict[str, str] = field(default_factory=dict)

    @property
    def rms(self) -> float:
        """Root mean square of the samples around their mean, so that a constant offset is silence."""
        mean = self.total / max(1, self.measured)
        return math.sqrt(max(0.0, self.power / max(1, self.measured) - mean**2))

    def measure(self, samples: NDArray[np.float32]) -> None:
        """Add samples to the sums."""
        self.total += float(samples.sum(dtype=np.float64))
        self.power += float(np.dot(samples, samples))
        self.measured += len(samples)

    def blocks(
        self, start: float = 0.0, duration: float | None = None, *, exact: bool = True
    ) -> Iterator[NDArray[np.float32]]:
        """Stream the clip, or a part of it, without measuring it.

        Parameters
        ----------
        start, duration
            Part of the clip, in seconds; an array is given as a whole.
        exact
            Whether the part must begin exactly there, see `AudioStream`.

        Yields
        ------
        (samples,) float32
            Consecutive samples.
        """
        if self.samples is not None:
            yield self.samples
            return
        part = {"start": self.start + start, "duration": duration or self.duration, "exact": exact}
        with self._open(self.sample_rate, **part) as stream:
            self.metadata = stream.info.tags
            yield from stream
            self.warnings[:] = dict.fromkeys([*self.warnings, *stream.warnings])

    def seekable_duration(self, *, exact: bool = True) -> float | None:
        """Return the duration of the clip in seconds by the file's header, which may estimate it.

        None if the header has no duration, or if all of the file has to be decoded to reach its end exactly.
        """
        if self.samples is not None:
            return None
        with self._open() as stream:
            total = stream.info.duration if stream.seekable or not exact else None
        if total is None or total <= self.start:
            return None
        return total - self.start if self.duration is None else min(total - self.start, self.duration)

    def _open(self, sample_rate: int | None = None, **part: Any) -> AudioStream:
        return AudioStream("<bytes>" if self.path is None else self.path, sample_rate, content=self.content, **part)


def stream_segments(source: AudioSource, segmentation: Segmentation, spec: Segments) -> Iterator[Segment]:
    """Cut a clip into segments while it is read.

    Parameters
    ----------
    source
        The clip; its length, sums and warnings are complete when the iterator is exhausted.
    segmentation
        Positions of the segments; `Sliding` without a hop uses the model's.
    spec
        Length, hop and padding of the model's segments.

    Yields
    ------
    start : int
        Offset from the beginning of the clip, in samples.
    segment : (samples,) float32
        Input of the model.

    Raises
    ------
    AudioError
        If the clip cannot be read, or is too long for `WholeClip`.
    ModelError
        If the model does not take whole clips and `segmentation` is `WholeClip`.
    """
    if isinstance(segmentation, Sliding):
        yield from _sliding(source, segmentation.hop or spec.hop, spec)
    elif isinstance(segmentation, WholeClip):
        yield from _whole(source, spec)
    else:
        yield from _by_length(source, segmentation, spec)


def cut_clip(samples: NDArray[np.float32], segmentation: Segmentation, spec: Segments) -> NDArray[np.float32]:
    """Cut a clip that is in memory into the same segments as `stream_segments`.

    Parameters
    ----------
    samples : (samples,) float32
        The whole clip. One that is shorter than a segment is repeated.
    segmentation
        Positions of the segments; `Sliding` without a hop uses the model's.
    spec
        Length, hop and padding of the model's segments.

    Returns
    -------
    (segments, samples) float32
        A copy of each segment.

    Raises
    ------
    AudioError
        If the clip has no samples.
    ModelError
        If the model does not take whole clips and `segmentation` is `WholeClip`.
    """
    padded = np.pad(fill(samples, spec.samples - 2 * spec.clip_padding), spec.clip_padding)
    if isinstance(segmentation, WholeClip):
        _require_any_length(spec)
        return padded[None]
    if isinstance(segmentation, Sliding):
        segmentation = Sliding(segmentation.hop or spec.hop)
    return cut(padded, segmentation.starts(len(padded), spec.samples), spec.samples)


def _require_any_length(spec: Segments) -> None:
    if not spec.any_length:
        raise ModelError("this model takes segments of one length only, no whole clips; use another segmentation")


def _sliding(source: AudioSource, hop: int, spec: Segments) -> Iterator[Segment]:
    """Cut segments while the file is being decoded."""
    parts, buffered, origin, count = [np.zeros(spec.clip_padding, np.float32)], spec.clip_padding, 0, 0
    for block in _measured(source, spec):
        parts.append(block)
        buffered += len(block)
        if origin + buffered < count * hop + spec.samples:
            continue  # joined only when there is a segment to cut
        buffer = np.concatenate(parts)
        while count * hop + spec.samples <= origin + len(buffer):
            # No later segment starts before this one, not even the one that ends with the clip.
            buffer, origin = buffer[count * hop - origin :], count * hop
            yield origin, buffer[: spec.samples]
            count += 1
        parts, buffered = [buffer], len(buffer)
    buffer = np.concatenate(parts)
    for start in Sliding(hop).starts(origin + len(buffer), spec.samples).tolist()[count:]:
        yield start, buffer[start - origin :][: spec.samples]


def _measured(source: AudioSource, spec: Segments) -> Iterator[NDArray[np.float32]]:
    """Measure the blocks of a clip; repeat a short clip until it fills a segment, and append the model's padding."""
    shortest = spec.samples - 2 * spec.clip_padding
    short: list[NDArray[np.float32]] = []
    for block in source.blocks():
        source.length += len(block)
        source.measure(block)
        if source.length < shortest or short:
            short.append(block)  # the clip may be shorter than a segment: wait for its end
            if source.length < shortest:
                continue
            block, short = np.concatenate(short), []
        yield block
    if short:
        yield fill(np.concatenate(short), shortest)
    yield np.zeros(spec.clip_padding, np.float32)


def _whole(source: AudioSource, spec: Segments) -> Iterator[Segment]:
    """Return the whole clip as one segment."""
    _require_any_length(spec)
    parts = [np.zeros(spec.clip_padding, np.float32)]
    for block in _measured(source, spec):
        parts.append(block)
        if source.length > MAX_WHOLE_CLIP * source.sample_rate:
            raise AudioError(
                f"{source.path or 'the clip'}: longer than {MAX_WHOLE_CLIP:g} s, too long to be taken whole; "
                "use another segmentation"
            )
    yield 0, np.concatenate(parts)


def _by_length(source: AudioSource, segmentation: Segmentation, spec: Segments) -> Iterator[Segment]:
    """Cut segments whose positions depend on the clip's length: by seeking, or by decoding all of it."""
    if isinstance(segmentation, EvenlySpaced) and not segmentation.exact:
        seconds = source.seekable_duration(exact=False)
        stated = round((seconds or 0) * source.sample_rate)
        if stated > 2 * segmentation.n * spec.samples:  # else seeking takes as long as reading all of it
            segments = _seek_segments(source, segmentation, stated, spec, exact=False)
            if segments is not None:
                yield from segments
                return
            source.warnings.clear()
    seconds = source.seekable_duration()
    if seconds is not None and seconds > MAX_IN_MEMORY:
        count = len(segmentation.starts(round(seconds * source.sample_rate), spec.samples))
        # One more seek verifies the length. Without seeking, the file is decoded twice: to measure it and to cut it.
        if (count + 1) * (SEEK_SECONDS + SEEK_SHARE * seconds) < 2 * seconds:
            length = _verify_length(source, seconds)
            segments = None if length is None else _seek_segments(source, segmentation, length, spec)
            if segments is not None:
                yield from segments
                return
            source.warnings.clear()  # of the parts that were read; the whole clip has its own
    yield from _two_passes(source, segmentation, spec)


def _verify_length(source: AudioSource, seconds: float) -> int | None:
    """Read the last second before the end by the header, and one more; return the length in samples.

    None if the clip does not end there: the header may describe only the first of several joined files, or the duration
    may be an estimate from the bit rate.
    """
    rate = source.sample_rate
    begin = round(seconds * rate) - rate
    window = 2.0 if source.duration is None else min(2.0, source.duration - begin / rate)
    try:
        count = sum(map(len, source.blocks(begin / rate, window)))
    except AudioError:
        return None
    return begin + count if abs(count - rate) <= rate // 10 else None


def _seek_segments(
    source: AudioSource, segmentation: Segmentation, length: int, spec: Segments, *, exact: bool = True
) -> list[Segment] | None:
    """Read each segment by seeking; None if one is shorter, as the file is damaged or its header wrong."""
    segments: list[Segment] = []
    for start in segmentation.starts(length + 2 * spec.clip_padding, spec.samples).tolist():
        # The model's padding is silence only beyond the ends of the clip; inside it is the clip itself.
        before = max(0, spec.clip_padding - start)
        begin, end = max(0, start - spec.clip_padding), min(length, start - spec.clip_padding + spec.samples)
        part = source.blocks(begin / source.sample_rate, (end - begin) / source.sample_rate, exact=exact)
        try:
            samples = np.concatenate([np.zeros(before, np.float32), *part])
        except AudioError:
            return None
        missing = spec.samples - len(samples)
        if missing > spec.clip_padding + source.sample_rate // 10:
            return None
        source.measure(samples)
        segments.append((start, np.pad(samples, (0, missing))))
    source.length = length
    return segments


def _two_passes(source: AudioSource, segmentation: Segmentation, spec: Segments) -> Iterator[Segment]:
    """Read the clip once to measure its length, and once more, or from memory, to cut the segments."""
    length = 0
    parts: list[NDArray[np.float32]] | None = [] if source.samples is None else None
    for block in source.blocks():
        length += len(block)
        if length > MAX_IN_MEMORY * source.sample_rate:
            parts = None
        if parts is not None:
            parts.append(block)
    if parts:
        source.samples = np.concatenate(parts)
    starts = segmentation.starts(max(length + 2 * spec.clip_padding, spec.samples), spec.samples).tolist()
    buffer, origin = np.zeros(spec.clip_padding, np.float32), 0
    for block in _measured(source, spec):
        buffer = np.concatenate([buffer, block])
        while starts and starts[0] + spec.samples <= origin + len(buffer):
            start = starts.pop(0)
            yield start, buffer[start - origin :][: spec.samples]
        keep = min(starts[0] - origin if starts else len(buffer), len(buffer))
        buffer, origin = buffer[keep:], origin + keep
