"""Decoder: packets to mono blocks; FFmpeg decodes, the channels are averaged here, undecodable packets are measured.

FFmpeg's own downmix is not used: it adds channels without dividing, which is 3 dB louder than their mean for stereo.
"""

import itertools
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import av
import numpy as np

from taggram.audio.mpeg import frame_bytes
from taggram.audio.pyav import time_base
from taggram.audio.sanitize import Waveform, full_scale
from taggram.audio.source import Source

__all__ = ["Decoder", "mix", "seekable"]

# Samples in a block, about a second: the overhead per block is small, and so is the memory.
BLOCK = 1 << 16
# Seconds decoded and dropped before a position that was sought: after them, the state of the codecs below no longer
# depends on where decoding started (mp3 has its bit reservoir).
PRE_ROLL = 0.5
# Codecs that decode to the same samples from any position, as PCM does. All others are decoded from the beginning: AAC
# and AC-3 fill bands with noise that depends on all earlier packets, opus predicts from them, and the time stamps of
# WMA are too coarse to find a sample.
SEEKABLE = {"mp3", "flac", "alac", "wavpack", "vorbis"}

_TYPES = {"u8": np.uint8, "s16": np.int16, "s32": np.int32, "s64": np.int64, "flt": np.float32, "dbl": np.float64}


@dataclass(frozen=True)
class Block:
    """Consecutive frames of one format.

    Parameters
    ----------
    frames
        Decoded frames of FFmpeg, at least one.
    rate
        Their sample rate in Hz.
    """

    frames: list[Any]
    rate: int

    def position(self, origin: int, ticks: int) -> int | None:
        """Return the position of the first sample in the recording, by time stamps; None without time stamps.

        The most frequent estimate of the frames counts, since a time stamp may be off by part of a frame (as in ogg
        vorbis, where frames change their size).

        Parameters
        ----------
        origin
            Time stamp of the first sample of the recording.
        ticks
            Time stamps per sample.
        """
        votes: Counter[int] = Counter()
        passed = 0
        for frame in self.frames:
            if frame.pts is not None:
                votes[round((frame.pts - origin) / ticks) - passed] += 1
            passed += frame.samples
        return votes.most_common(1)[0][0] if votes else None


class Decoder:
    """Decodes a source to mono float32 blocks, and measures what it has to leave out.

    A damaged packet is skipped, without silence in its place; otherwise the samples are consecutive.

    Parameters
    ----------
    source
        An open file, used by one decoder at a time.
    """

    def __init__(self, source: Source) -> None:
        self._source = source
        self._begin = 0.0
        self.lost = 0.0
        """Seconds of packets that could not be decoded, from the start position on."""
        self.cut = False
        """Whether the file was read to its end, which is inside an mp3 frame."""
        self.paused = 0.0
        """Seconds without audio between packets, as at the start of a fragmented mp4."""

    def blocks(self, position: int = 0) -> Iterator[tuple[Waveform, int]]:
        """Decode from a position on.

        Parameters
        ----------
        position
            First sample, at the file's own rate.

        Yields
        ------
        samples : (samples,) float32
            Mean of the channels, about a second; full scale is 1.0.
        rate : int
            Sample rate of the block in Hz: the file's, unless it changes within the file.
        """
        native = self._source.info.sample_rate
        self._begin = position / native
        skip_and_blocks = self._seek(position)
        if skip_and_blocks is None:
            self._source.rewind()
            skip_and_blocks = position, self._frame_blocks()
        skip, blocks = skip_and_blocks
        for block in blocks:
            samples = mix(block.frames)
            drop = min(samples.size, skip * block.rate // native)
            skip -= drop * native // block.rate
            if drop < samples.size:
                yield samples[drop:], block.rate
                skip = 0

    def _seek(self, position: int) -> tuple[int, Iterator[Block]] | None:
        """Return the samples to skip, and blocks from shortly before `position`; None if seeking is not exact."""
        native = self._source.info.sample_rate
        early = position - round(PRE_ROLL * native)
        if early <= 0 or not seekable(self._source):
            return None
        origin, ticks = self._source.stream.start_time or 0, _ticks(self._source)
        if not self._source.seek(origin + early * int(ticks)):
            return None
        blocks = self._frame_blocks()
        first = next(blocks, None)
        reached = first.position(origin, int(ticks)) if first and first.rate == native else None
        if first is None or reached is None or reached > position:
            return None
        return position - reached, itertools.chain([first], blocks)

    def _frame_blocks(self) -> Iterator[Block]:
        frames: list[Any] = []
        size, form, last = 0, None, None
        for packet in self._source.packets():
            last = packet if packet.size else last
            decoded = self._decoded(packet)
            if decoded and (packet.duration or 0) > self._source.long_packet:
                seconds = sum(frame.samples / frame.sample_rate for frame in decoded)
                self.paused += max(0.0, float(packet.duration * time_base(self._source.stream)) - seconds)
            for frame in decoded:
                frame_form = frame.format.name, frame.layout.nb_channels, frame.sample_rate
                if size >= BLOCK or (frame_form != form and frames):
                    yield Block(frames, frames[0].sample_rate)
                    frames, size = [], 0
                form = frame_form
                frames.append(frame)
                size += frame.samples
        if frames:
            yield Block(frames, frames[0].sample_rate)
        if last is not None and self._source.info.codec == "mp3":
            self.cut = last.size < frame_bytes(bytes(last)[:4])

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


def mix(frames: list[Any]) -> Waveform:
    """Average the channels of frames.

    Parameters
    ----------
    frames
        Decoded frames of one sample format and channel count, planar or packed.

    Returns
    -------
    (samples,) float32
        Mean over the channels; full scale is 1.0.
    """
    form, channels = frames[0].format, frames[0].layout.nb_channels
    dtype = np.dtype(_TYPES[form.packed.name])
    zero, scale = full_scale(dtype)
    out = np.empty(sum(frame.samples for frame in frames), dtype=np.float32)
    end = 0
    with np.errstate(over="ignore", invalid="ignore"):
        for frame in frames:
            begin, end = end, end + frame.samples
            total = out[begin:end]
            if form.is_planar:
                # PyAV lists planes that do not exist behind those of more than 8 channels
                parts = [np.frombuffer(plane, dtype, frame.samples) for plane in frame.planes[:channels]]
            else:
                packed = np.frombuffer(frame.planes[0], dtype, frame.samples * channels)
                parts = [packed[channel::channels] for channel in range(channels)]
            total[:] = parts[0]
            for part in parts[1:]:
                total += part
        out -= np.float32(zero * channels)
        out /= np.float32(scale * channels)
    return out
