"""Packets to mono blocks: FFmpeg decodes, the channels are averaged here, and what cannot be decoded is counted.

FFmpeg's own downmix is not used: it adds channels without dividing, which is 3 dB louder than their mean for stereo.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import av
import numpy as np

from taggram.audio.levels import Waveform, full_scale
from taggram.audio.mpeg import frame_bytes
from taggram.audio.pyav import time_base
from taggram.audio.source import Source

__all__ = ["Decoder", "mix", "seekable"]

# Samples in a block, about a second: enough to make the cost of a block small, and that of an hour none.
BLOCK = 1 << 16
# Seconds decoded and thrown away before a position that was sought: by then every codec below has forgotten that it
# did not start at the beginning (mp3 has its bit reservoir).
PRE_ROLL = 0.5
# Codecs that decode to the same samples from anywhere, and PCM. All others are decoded from the beginning: AAC and AC-3
# fill bands with noise that depends on all that came before, opus predicts from it, WMA has no clock to find a sample.
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
        """Where the first sample lies in the recording, by the clock of the file; None without a clock.

        The frames vote, since a frame's time stamp may be off by part of a frame (as in ogg vorbis, where frames
        change their size).

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
    """Decodes a source to mono float32 blocks, counting what it has to leave out.

    A damaged packet is skipped and what follows joins what was before; the samples of a block are consecutive
    otherwise.

    Parameters
    ----------
    source
        An open file; it serves one decoder at a time.
    """

    def __init__(self, source: Source) -> None:
        self._source = source
        self._begin = 0.0
        self.lost = 0.0
        """Seconds of packets that could not be decoded, from the position asked for on."""
        self.cut = False
        """Whether the file was read to its end and that lies inside an mp3 frame."""

    def blocks(self, position: int = 0) -> Iterator[tuple[Waveform, int]]:
        """Decode from a position on.

        Parameters
        ----------
        position
            First sample, at the file's own rate.

        Yields
        ------
        samples : (samples,) float32
            Channel mean of about a second; full scale is 1.0.
        rate : int
            Sample rate of the block in Hz: the file's, unless it changes on the way.
        """
        native = self._source.info.sample_rate
        self._begin = position / native
        ahead = self._sought(position)
        if ahead is None:
            self._source.rewind()
            ahead = position, self._frames()
        skip, blocks = ahead
        for block in blocks:
            samples = mix(block.frames)
            drop = min(samples.size, skip * block.rate // native)
            skip -= drop * native // block.rate
            if drop < samples.size:
                yield samples[drop:], block.rate
                skip = 0

    def _sought(self, position: int) -> tuple[int, Iterator[Block]] | None:
        """Blocks from a little before `position` and the samples to skip in them; None if seeking is not exact."""
        native = self._source.info.sample_rate
        early = position - round(PRE_ROLL * native)
        if early <= 0 or not seekable(self._source):
            return None
        origin, ticks = self._source.stream.start_time or 0, _ticks(self._source)
        if not self._source.seek(origin + early * int(ticks)):
            return None
        blocks = self._frames()
        first = next(blocks, None)
        found = first.position(origin, int(ticks)) if first and first.rate == native else None
        if first is None or found is None or found > position:
            return None
        return position - found, _joined(first, blocks)

    def _frames(self) -> Iterator[Block]:
        frames: list[Any] = []
        size, form, last = 0, None, None
        for packet in self._source.packets():
            last = packet if packet.size else last
            for frame in self._decoded(packet):
                found = frame.format.name, frame.layout.nb_channels, frame.sample_rate
                if size >= BLOCK or (found != form and frames):
                    yield Block(frames, frames[0].sample_rate)
                    frames, size = [], 0
                form = found
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
    """Say whether decoding can begin anywhere in a file, and give the samples that decoding all of it would give."""
    codec = source.info.codec
    return _ticks(source).denominator == 1 and (codec in SEEKABLE or codec.startswith("pcm_"))


def _ticks(source: Source) -> Fraction:
    """Time stamps per sample; a fraction where the clock of the file is coarser than its samples."""
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


def _joined(first: Block, rest: Iterator[Block]) -> Iterator[Block]:
    yield first
    yield from rest
