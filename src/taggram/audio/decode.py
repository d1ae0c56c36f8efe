"""Decoder: packets to mono blocks; FFmpeg decodes, the channels are averaged here, undecodable packets are measured.

FFmpeg's own downmix is not used: it adds channels without dividing, which is 3 dB louder than their mean for stereo.
"""

import itertools
from collections import Counter
from collections.abc import Iterable, Iterator
from fractions import Fraction
from typing import Any

import av
import numpy as np
import numpy.typing as npt

from taggram.audio.downmix import CELL, MIN_CELL, uncancelled_channel
from taggram.audio.mpeg import frame_bytes
from taggram.audio.pyav import time_base
from taggram.audio.sanitize import Waveform, full_scale
from taggram.audio.source import Source

__all__ = ["Decoder", "read_channels", "seekable"]

# Seconds decoded and dropped before a position that was sought: after them, the state of the codecs below no longer
# depends on where decoding started (mp3 has its bit reservoir).
PRE_ROLL = 0.5
# Codecs that decode to the same samples from any position, as PCM does. All others are decoded from the beginning: AAC
# and AC-3 fill bands with noise that depends on all earlier packets, opus predicts from them, and the time stamps of
# WMA are too coarse to find a sample.
SEEKABLE = {"mp3", "flac", "alac", "wavpack", "vorbis"}

# A decoded frame of FFmpeg, and the range of its samples that is meant.
FramePart = tuple[Any, int, int]

_TYPES = {"u8": np.uint8, "s16": np.int16, "s32": np.int32, "s64": np.int64, "flt": np.float32, "dbl": np.float64}


class Decoder:
    """Decodes a source to mono float32 blocks, and measures what it has to leave out.

    A damaged packet is skipped, without silence in its place; otherwise the samples are consecutive.

    Parameters
    ----------
    source
        An open file, used by one decoder at a time.
    exact
        Whether to decode from the beginning where seeking would not give the same samples.
    """

    def __init__(self, source: Source, *, exact: bool = True) -> None:
        self._source, self._exact = source, exact
        self._begin = 0.0
        self.lost = 0.0
        """Seconds of packets that could not be decoded, from the start position on."""
        self.cut = False
        """Whether the file was read to its end, which is inside an mp3 frame."""
        self.paused = 0.0
        """Seconds without audio between packets, as at the start of a fragmented mp4."""
        self.cancelled = 0
        """Samples, of the blocks so far, that are of one channel because all cancel in the mean."""
        self._buffer = np.empty(0, dtype=np.float32)

    def blocks(self, position: int = 0) -> Iterator[tuple[Waveform, int]]:
        """Decode from a position on.

        Parameters
        ----------
        position
            First sample, at the file's own rate.

        Yields
        ------
        samples : (samples,) float32
            Mean of the channels, or one where they cancel, about a second; full scale is 1.0.
        rate : int
            Sample rate of the block in Hz: the file's, unless it changes within the file.
        """
        native = self._source.info.sample_rate
        self._begin = position / native
        # A position in the first half of a cell may be in the rest of the recording, which belongs to the cell before.
        first, frames = self._seek((position - MIN_CELL) // CELL * CELL) or (0, self._rewound_frames())
        skip = position - first
        for cell in _cells(frames, first):
            rate, size = cell[0][0].sample_rate, sum(stop - start for _, start, stop in cell)
            drop = min(size, skip * rate // native)
            skip -= drop * native // rate
            if drop < size:
                yield self._mix(cell, size)[drop:], rate
                skip = 0

    def _seek(self, position: int) -> tuple[int, Iterator[Any]] | None:
        """Return frames from shortly before `position` on, and where they begin; None if they cannot be sought."""
        native = self._source.info.sample_rate
        early = position - round(PRE_ROLL * native)
        if early <= 0 or self._source.links or (self._exact and not seekable(self._source)):
            return None
        origin, ticks = self._source.stream.start_time or 0, _ticks(self._source)
        if not self._source.seek(origin + round(early * ticks), exact=self._exact):
            return None
        frames = self._frames()
        head: list[Any] = []
        while sum(frame.samples for frame in head) < CELL and (frame := next(frames, None)):
            head.append(frame)
        first = _position(head, origin, ticks)
        if first is None or first > position or any(frame.sample_rate != native for frame in head):
            return None
        return first, itertools.chain(head, frames)

    def _rewound_frames(self) -> Iterator[Any]:
        self._source.rewind()
        return self._frames()

    def _frames(self) -> Iterator[Any]:
        last = None
        for packet in self._source.packets():
            last = packet if packet.size else last
            frames = self._decoded(packet)
            if frames and (packet.duration or 0) > self._source.long_packet:
                seconds = sum(frame.samples / frame.sample_rate for frame in frames)
                self.paused += max(0.0, float(packet.duration * time_base(self._source.stream)) - seconds)
            yield from frames
        if last is not None and self._source.info.codec == "mp3":
            self.cut = last.size < frame_bytes(bytes(last)[:4])

    def _mix(self, cell: list[FramePart], size: int) -> Waveform:
        """Average the channels of a cell, or choose one."""
        count = cell[0][0].layout.nb_channels
        if self._buffer.size < count * size:
            self._buffer = np.empty(count * size, dtype=np.float32)
        planes = self._buffer[: count * size].reshape(count, size)
        scale = read_channels(cell, planes)
        with np.errstate(over="ignore", invalid="ignore"):
            mono: Waveform = planes.sum(axis=0)
            mono /= np.float32(count)
            channel = uncancelled_channel(mono, planes, scale)
            if channel is not None:
                self.cancelled += size
                mono[:] = channel
            mono *= np.float32(1 / scale)  # exact: a power of two
        return mono

    def _decoded(self, packet: Any) -> list[Any]:
        try:
            return self._source.decoder.decode(packet)  # type: ignore[no-any-return]
        except av.FFmpegError:
            origin, base = self._source.stream.start_time or 0, time_base(self._source.stream)
            if packet.pts is None or (packet.pts - origin) * base >= self._begin:
                self.lost += float((packet.duration or 0) * base)
            return []


def seekable(source: Source) -> bool:
    """Return whether decoding from any position of a file gives the same samples as decoding all of it."""
    codec = source.info.codec
    return not source.links and _ticks(source).denominator == 1 and (codec in SEEKABLE or codec.startswith("pcm_"))


def _ticks(source: Source) -> Fraction:
    """Return the time stamps per sample; a fraction where time stamps are coarser than samples."""
    return 1 / (time_base(source.stream) * source.info.sample_rate)


def _position(frames: list[Any], origin: int, ticks: Fraction) -> int | None:
    """Return the position of the first frame in the recording, by time stamps; None without time stamps.

    The most frequent estimate of the frames counts, since a time stamp may be off by part of a frame (as in ogg vorbis,
    where frames change their size).

    Parameters
    ----------
    frames
        Consecutive frames of one sample rate.
    origin
        Time stamp of the first sample of the recording.
    ticks
        Time stamps per sample.
    """
    votes: Counter[int] = Counter()
    passed = 0
    for frame in frames:
        if frame.pts is not None:
            votes[round((frame.pts - origin) / ticks) - passed] += 1
        passed += frame.samples
    return votes.most_common(1)[0][0] if votes else None


def _cells(frames: Iterable[Any], position: int) -> Iterator[list[FramePart]]:
    """Cut frames, of which the first is at `position`, into cells of the recording; each has a single format."""
    complete: list[FramePart] = []  # held back until the rest is long enough for a cell of its own
    cell: list[FramePart] = []
    room, form = CELL - position % CELL, None
    for frame in frames:
        frame_form = frame.format.name, frame.layout.nb_channels, frame.sample_rate
        if frame_form != form and (complete or cell):
            yield complete + cell
            complete, cell = [], []
        form, start, samples = frame_form, 0, frame.samples
        while start < samples:
            stop = min(samples, start + room)
            cell.append((frame, start, stop))
            room -= stop - start
            start = stop
            if complete and room <= CELL - MIN_CELL:
                yield complete
                complete = []
            if room == 0:
                complete, cell, room = cell, [], CELL
    if complete or cell:
        yield complete + cell


def read_channels(parts: list[FramePart], out: npt.NDArray[np.float32]) -> float:
    """Read the samples of frames, and return the full scale.

    Parameters
    ----------
    parts
        Parts of decoded frames of one sample format and channel count, planar or packed.
    out : (channels, samples) float32
        Array for the samples, centred, in steps of the sample format.
    """
    form, rows = parts[0][0].format, list(out)
    dtype = np.dtype(_TYPES[form.packed.name])
    zero, scale = full_scale(dtype)
    end = 0
    with np.errstate(over="ignore", invalid="ignore"):
        for frame, start, stop in parts:
            begin, end = end, end + stop - start
            if form.is_planar:
                # PyAV lists planes that do not exist behind those of more than 8 channels
                for row, plane in zip(rows, frame.planes, strict=False):
                    row[begin:end] = np.frombuffer(plane, dtype, stop - start, start * dtype.itemsize)
            else:
                packed = np.frombuffer(frame.planes[0], dtype, stop * len(rows))[start * len(rows) :]
                for channel, row in enumerate(rows):
                    row[begin:end] = packed[channel :: len(rows)]
        if zero:
            out -= np.float32(zero)
    return scale
