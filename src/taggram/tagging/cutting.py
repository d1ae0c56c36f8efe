"""Segments of a file as a stream, so that memory does not grow with the file."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from taggram.audio import AudioStream, Segmentation, Sliding, WholeClip, fill
from taggram.audio.segments import cut
from taggram.errors import AudioError, ModelError
from taggram.models.card import Segments

if TYPE_CHECKING:
    from jaxtyping import Float32

SILENCE = 1e-4  # peak, -80 dB below full scale
LONGEST_WHOLE_CLIP = 600.0  # seconds
HELD = 600.0  # seconds; a clip up to this long is kept in memory where its length decides where it is cut
# One seek takes as long as decoding this many seconds and this share of the file, whose index has to be built.
SEEK_SECONDS, SEEK_SHARE = 10.0, 0.05


@dataclass
class Clip:
    """Where the samples of a clip come from, and what became known of it on the way.

    Attributes
    ----------
    path
        The file; None for `samples`.
    samples
        The clip at `sample_rate`, where it is an array.
    sample_rate
        In Hz.
    start, duration
        The wished part of the file, in seconds.
    length
        How many samples were seen, or are known to be there.
    peak
        The highest level seen.
    warnings
        What was wrong.
    """

    path: str | None
    samples: Float32[np.ndarray, " samples"] | None
    sample_rate: int
    start: float = 0.0
    duration: float | None = None
    length: int = 0
    peak: float = 0.0
    warnings: list[str] = field(default_factory=list)

    def blocks(self, start: float = 0.0, duration: float | None = None) -> Iterator[Float32[np.ndarray, " samples"]]:
        """Stream the clip, or the part of it from `start` on; counts nothing."""
        if self.samples is not None:
            yield self.samples
            return
        assert self.path is not None
        with AudioStream(
            self.path, self.sample_rate, start=self.start + start, duration=duration or self.duration
        ) as stream:
            yield from stream
            self.warnings[:] = dict.fromkeys([*self.warnings, *stream.warnings])

    def outlook(self) -> tuple[float | None, bool]:
        """Length of the wished part in seconds, as far as the file tells, and whether it can be read by seeking."""
        if self.path is None:
            return None, False
        with AudioStream(self.path) as stream:
            total, seekable = stream.info.duration, stream.seekable
        if total is None or total <= self.start:
            return None, seekable
        return (total - self.start if self.duration is None else min(total - self.start, self.duration)), seekable


Segment = tuple[int, "Float32[np.ndarray, ' samples']"]


def segments_of(clip: Clip, plan: Segmentation, spec: Segments) -> Iterator[Segment]:
    """Cut a clip.

    Parameters
    ----------
    clip
        The clip; its length, peak and warnings are known when the iterator is exhausted.
    plan
        Where the segments start.
    spec
        What the model wants.

    Yields
    ------
    start, segment
        Offset from the beginning of the clip, in samples, and the samples that the model takes.

    Raises
    ------
    AudioError
        If the clip cannot be read, or is too long to be taken whole.
    ModelError
        If the clip is to be taken whole by a model that takes only segments of its own length.
    """
    if isinstance(plan, Sliding):
        yield from _sliding(clip, plan.hop or spec.hop, spec)
    elif isinstance(plan, WholeClip):
        yield from _whole(clip, spec)
    else:
        yield from _planned(clip, plan, spec)


def cut_clip(samples: NDArray[np.float32], segmentation: Segmentation, spec: Segments) -> NDArray[np.float32]:
    """Cut a clip that is in memory into the same segments as `segments_of`.

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


def _sliding(clip: Clip, hop: int, spec: Segments) -> Iterator[Segment]:
    """Segments while the file is still being decoded."""
    parts, held, origin, given = [np.zeros(spec.clip_padding, np.float32)], spec.clip_padding, 0, 0
    for block in _padded(clip, spec, clip.blocks()):
        parts.append(block)
        held += len(block)
        if origin + held < given * hop + spec.samples:
            continue  # joined only when there is a segment to cut
        buffer = np.concatenate(parts)
        while given * hop + spec.samples <= origin + len(buffer):
            # What precedes the latest segment is never needed again, not even by one that ends with the clip.
            buffer, origin = buffer[given * hop - origin :], given * hop
            yield origin, buffer[: spec.samples]
            given += 1
        parts, held = [buffer], len(buffer)
    buffer = np.concatenate(parts)
    for start in Sliding(hop).starts(origin + len(buffer), spec.samples).tolist()[given:]:
        yield start, buffer[start - origin :][: spec.samples]


def _padded(
    clip: Clip, spec: Segments, blocks: Iterable[Float32[np.ndarray, " samples"]]
) -> Iterator[Float32[np.ndarray, " samples"]]:
    """Measure the blocks of a clip, fill it up to a segment, and end with the model's padding."""
    shortest = spec.samples - 2 * spec.clip_padding
    held: list[np.ndarray] = []
    for block in blocks:
        clip.length += len(block)
        clip.peak = max(clip.peak, float(block.max(initial=0.0)), -float(block.min(initial=0.0)))
        if clip.length < shortest or held:
            held.append(block)  # the clip may be shorter than a segment: wait for its end
            if clip.length < shortest:
                continue
            block, held = np.concatenate(held), []
        yield block
    if held:
        yield fill(np.concatenate(held), shortest)
    yield np.zeros(spec.clip_padding, np.float32)


def _whole(clip: Clip, spec: Segments) -> Iterator[Segment]:
    """The whole clip at once."""
    _require_any_length(spec)
    parts = [np.zeros(spec.clip_padding, np.float32)]
    for block in _padded(clip, spec, clip.blocks()):
        parts.append(block)
        if clip.length > LONGEST_WHOLE_CLIP * clip.sample_rate:
            raise AudioError(
                f"{clip.path or 'the array'}: longer than {LONGEST_WHOLE_CLIP:g} s, too long to be taken whole; "
                "use another segmentation"
            )
    yield 0, np.concatenate(parts)


def _planned(clip: Clip, plan: Segmentation, spec: Segments) -> Iterator[Segment]:
    """Segments whose places depend on the clip's length."""
    seconds, seekable = clip.outlook()
    if seconds is not None and seconds <= HELD:
        clip.samples = np.concatenate(list(clip.blocks()))
    elif seconds is not None and seekable:
        length = round(seconds * clip.sample_rate)
        starts = plan.starts(length + 2 * spec.clip_padding, spec.samples)
        # Without seeking, the file is decoded twice: to measure it and to pick the segments.
        if len(starts) * (SEEK_SECONDS + SEEK_SHARE * seconds) < 2 * seconds:
            found = _sought(clip, starts, length, spec)
            if found is not None:
                clip.length = length
                yield from found
                return
    yield from _picked(clip, plan, spec)


def _sought(clip: Clip, starts: np.ndarray, length: int, spec: Segments) -> list[Segment] | None:
    """Read each segment by seeking; None if the file turns out to be shorter than it says."""
    found: list[Segment] = []
    for start in starts.tolist():
        # The model's padding is silence only beyond the ends of the clip; inside it is the clip itself.
        before = max(0, spec.clip_padding - start)
        begin, end = max(0, start - spec.clip_padding), min(length, start - spec.clip_padding + spec.samples)
        part = clip.blocks(begin / clip.sample_rate, (end - begin) / clip.sample_rate)
        try:
            samples = np.concatenate([np.zeros(before, np.float32), *part])
        except AudioError:
            return None
        missing = spec.samples - len(samples)
        if missing > spec.clip_padding + clip.sample_rate // 10:
            return None
        clip.peak = max(clip.peak, float(np.abs(samples).max(initial=0.0)))
        found.append((start, np.pad(samples, (0, missing))))
    return found


def _picked(clip: Clip, plan: Segmentation, spec: Segments) -> Iterator[Segment]:
    """Measure the clip, then go through it once more and pick the segments on the way."""
    length = sum(len(block) for block in clip.blocks())
    starts = plan.starts(max(length + 2 * spec.clip_padding, spec.samples), spec.samples).tolist()
    buffer, origin = np.zeros(spec.clip_padding, np.float32), 0
    for block in _padded(clip, spec, clip.blocks()):
        buffer = np.concatenate([buffer, block])
        while starts and starts[0] + spec.samples <= origin + len(buffer):
            start = starts.pop(0)
            yield start, buffer[start - origin :][: spec.samples]
        keep = min(starts[0] - origin if starts else len(buffer), len(buffer))
        buffer, origin = buffer[keep:], origin + keep
