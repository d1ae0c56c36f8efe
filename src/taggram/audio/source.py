"""Audio files, opened and described; each problem is an error of one line.

Only regular files are opened, so that reading cannot block. Nothing but the file itself is read: a playlist with the
suffix of a song gives access to no other file and no network.
"""

import contextlib
import functools
import io
import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, NoReturn

import av
from av.stream import Disposition

from taggram._system import seek_function
from taggram.audio.discovery.playlists import is_url
from taggram.audio.encryption import is_encrypted, is_encrypted_stream
from taggram.audio.lengths import is_asf_broadcast, is_placeholder, lacks_length, riff_size
from taggram.audio.ogg import find_links
from taggram.audio.pyav import open_container, text_tags, time_base
from taggram.errors import AudioError

__all__ = ["AudioInfo", "Source", "probe"]

SAMPLE_RATES = range(100, 10_000_001)

# Seconds of a packet from which on its audio may be shorter, followed by a pause.
LONGEST_PACKET = 1

# Number of consecutive failures after which the rest of a file is skipped.
PATIENCE = 100

# Formats whose header has the true length of each stream, as an mp3 with an info frame has. In all others it is
# estimated from the file's size or taken from a last time stamp, which may be wrong (ogg).
_TRUE_LENGTHS = {
    *("aiff", "ape", "au", "caf", "dsf", "flac", "mov,mp4,m4a,3gp,3g2,mj2", "mpc", "mpc8", "tta", "w64", "wav", "wv")
}
# Formats whose header has the length of the longest stream.
_COMMON_LENGTHS = {"asf", "flv", "matroska,webm"}
# Formats whose lengths include the time before a stream's start.
_LENGTHS_FROM_ZERO = {"asf", "matroska,webm"}


@dataclass(frozen=True)
class AudioInfo:
    """Description of an audio file by its header.

    Parameters
    ----------
    path
        The file.
    duration
        Length of the audio in seconds, from the header or estimated by FFmpeg; None if it is unknown without decoding.
    sample_rate
        Samples per second.
    channels
        Number of channels.
    codec
        FFmpeg's name of the codec, such as ``mp3`` or ``pcm_s16le``.
    bit_rate
        Bits per second of the whole file, None if unknown.
    tags
        Title, artist and so on, as in the file; keys in lower case.
    """

    path: Path
    duration: float | None
    sample_rate: int
    channels: int
    codec: str
    bit_rate: int | None
    tags: dict[str, str]


class Source:
    """An open audio file: its container, the audio stream in it, and its description.

    Parameters
    ----------
    path
        A regular file.
    content
        What is read instead of the file, whose name `path` then is.

    Raises
    ------
    AudioError
        If the file cannot be read, or has no recognised audio.
    """

    info: AudioInfo
    promised: float | None  # seconds by a reliable header; None where the duration is an estimate
    links: list[range]  # bytes of each link of a chained Ogg file; empty for any other file
    long_packet: int  # duration of a packet, in time stamps, from which on its audio may be shorter
    unreadable_links: int  # links without decodable audio that were skipped

    def __init__(self, path: str | os.PathLike[str], content: bytes | None = None) -> None:
        self._path = path
        self._name = os.fsdecode(path)
        self._skip_to: int | None = None
        self._file = _open(path, self._name) if content is None else _MemoryFile(content, self._name)
        try:
            if is_encrypted(self._file):
                self._fail_encrypted()
            self.links = find_links(self._file)
            self._open_first()
            self.info = self._describe()
            self.promised = self._promise()
        except BaseException:
            self._file.close()
            raise

    def packets(self) -> Iterator[Any]:
        """Yield the packets of the audio stream up to the end, or to where nothing more can be read.

        `stream` and `decoder` are those of the packet's link. After damage that interrupts reading, `promised` is the
        duration even if that is an estimate.
        """
        self._fresh = False
        yield from self._stream_packets()
        while self._open_next_link():
            yield from self._stream_packets()

    def _stream_packets(self) -> Iterator[Any]:
        failures = 0
        while failures < PATIENCE:
            try:
                for packet in self.container.demux(self.stream):
                    failures = 0
                    if self._skip_to is None or packet.pts is None or packet.pts >= self._skip_to:
                        yield packet
                return
            except av.FFmpegError:
                failures += 1
                self.promised = self.promised or self.info.duration
            except IndexError:  # PyAV does not support streams that appear later in a file
                return

    def seek(self, stamp: int, *, exact: bool) -> bool:
        """Seek to the packet at a time stamp or shortly before; return False if that is not possible.

        After a seek in an Ogg file, FFmpeg's time stamps are wrong up to the end of a page, of about a second; where
        they must be exact, the file is read up to the time stamp.
        """
        self._fresh = False
        if exact and self.container.format.name == "ogg":
            self._skip_to = stamp
            return True
        try:
            self.container.seek(stamp, stream=self.stream)
        except av.FFmpegError:
            return False
        return True

    def rewind(self) -> None:
        """Return to the state of a file just opened, with a new decoder."""
        if not self._fresh:
            self.container.close()
            self._open_first()
            self.promised = self._promise()

    def close(self) -> None:
        """Close the file; may be called repeatedly."""
        self.container.close()
        self._file.close()

    def _open_first(self) -> None:
        """Demux the file, or its first link, with a new decoder."""
        self._file.seek(0, os.SEEK_SET)
        self._next_links = iter(self.links)
        self.unreadable_links = 0
        if not self.links:
            self._demux(self._file)
        elif not self._open_next_link():
            self._unrecognised(None)
        self._skip_to = None
        self._fresh = True

    def _open_next_link(self) -> bool:
        """Demux the next link that has decodable audio; return False if there is none."""
        for link in self._next_links:
            try:
                self._demux(self._read(link))
            except AudioError:
                self.unreadable_links += 1
            else:
                return True
        return False

    def _read(self, link: range) -> BinaryIO:
        """Return a link as a file in memory: a window of the file would be Python code in FFmpeg's callbacks."""
        self._file.seek(link.start, os.SEEK_SET)
        return io.BytesIO(self._file.read(len(link)))

    def _demux(self, file: BinaryIO) -> None:
        try:
            self.container = open_container(file, ignore_length=lacks_length(self._file))
            stream = self.container.streams.best("audio")
        except (av.FFmpegError, ValueError, IndexError, MemoryError) as error:  # PyAV itself fails on some damage
            self._unrecognised(error)
        if stream is None and not self.container.streams.audio:
            kinds = sorted({other.type for other in self.container.streams})
            self._fail(f"has no audio stream, only {' and '.join(kinds) or 'an empty container'}")
        if stream is None:  # FFmpeg takes random bytes for an mp3 without packets
            self._unrecognised(None)
        if is_encrypted_stream(self.container, stream):
            self._fail_encrypted()
        context = stream.codec_context
        if context is None:
            self._fail("has audio that cannot be decoded: convert it, for example to flac or mp3")
        if context.sample_rate not in SAMPLE_RATES:
            self._fail(f"claims a sample rate of {context.sample_rate} Hz: its header is damaged")
        self.stream = stream
        self.decoder = _decoder(context)
        self.long_packet = round(LONGEST_PACKET / time_base(stream))

    def _describe(self) -> AudioInfo:
        context = self.stream.codec_context
        return AudioInfo(
            path=Path(self._path),
            duration=self._duration(),
            sample_rate=context.sample_rate,
            channels=context.channels,
            codec=context.codec.canonical_name,
            bit_rate=self.container.bit_rate or None,
            tags=text_tags({**self.container.metadata, **self.stream.metadata}),
        )

    def _duration(self) -> float | None:
        """Return the seconds of audio by the header, in all links; None if it does not state them."""
        if self.links:
            return self._chain_duration() or None
        base = time_base(self.stream)
        start = float((self.stream.start_time or 0) * base)
        own = float((self.stream.duration or 0) * base) or _seconds(self.stream.metadata.get("DURATION", ""))
        total = (self.container.duration or 0) / av.time_base
        byte_rate = (self.stream.bit_rate or 0) / 8
        if own and self.stream.codec_context.name.startswith("pcm_") and is_placeholder(round(own * byte_rate)):
            return float(self.container.size / byte_rate)
        if self.container.format.name in _LENGTHS_FROM_ZERO:
            seconds = (own or total) - start
        else:
            seconds = own or total - start + (self.container.start_time or 0) / av.time_base
        return seconds if seconds > 0 else None

    def _chain_duration(self) -> float:
        total = 0.0
        for link in self.links:
            with contextlib.suppress(av.FFmpegError, ValueError), open_container(self._read(link)) as container:
                total += (container.duration or 0) / av.time_base
        return total

    def _promise(self) -> float | None:
        duration: float | None = self.info.duration
        name: str = self.container.format.name
        size: int = self.container.size
        byte_rate: float = (self.stream.bit_rate or 0) / 8
        if duration is None or (name == "asf" and is_asf_broadcast(self._file)):
            return None
        if name == "wav" and byte_rate and (whole := riff_size(self._file)) > size:
            return max(duration, whole / byte_rate)  # FFmpeg may have shortened the duration to the size of the file
        others = (stream for stream in self.container.streams if stream.index != self.stream.index)
        only = all(stream.disposition & Disposition.attached_pic for stream in others)
        reliable = name in _TRUE_LENGTHS or (name in _COMMON_LENGTHS and (only or "DURATION" in self.stream.metadata))
        # An info frame has the length; an estimate is never longer than the file's size allows.
        reliable |= name == "mp3" and "encoder" in self.stream.metadata
        reliable |= name in ("mp3", "ogg") and only and duration * byte_rate > 1.01 * size
        return duration if reliable else None

    def _unrecognised(self, cause: Exception | None) -> NoReturn:
        self._file.seek(4, os.SEEK_SET)
        if self._file.read(4) == b"ftyp":
            what = "its header (the moov box) is missing or damaged, often by an interrupted recording or download"
            self._fail(f"cannot be opened: {what}; download or export it again", cause)
        is_unnamed = isinstance(self._file, _MemoryFile) and not is_url(self._name)
        hint = ": pass the content of an audio file" if is_unnamed else ""
        self._fail(f"is not audio in any supported format{hint}", cause)

    def _fail_encrypted(self) -> NoReturn:
        self._fail(
            "is encrypted (DRM): only the shop's or service's own player can play it; get a copy without protection"
        )

    def _fail(self, what: str, cause: Exception | None = None) -> NoReturn:
        raise AudioError(f"{self._name} {what}") from cause


def probe(path: str | os.PathLike[str]) -> AudioInfo:
    """Describe an audio file without decoding it.

    Parameters
    ----------
    path
        A regular file.

    Returns
    -------
    AudioInfo
        Duration, sample rate, channels, codec and tags.

    Raises
    ------
    AudioError
        If the file cannot be read, or has no recognised audio.

    Examples
    --------
    >>> info = probe("examples/lets-go-fishin.opus")
    >>> info.codec, info.sample_rate, info.channels, round(info.duration)
    ('opus', 48000, 1, 30)
    """
    source = Source(path)
    source.close()
    return source.info


def _decoder(context: Any) -> Any:
    """Return FFmpeg's decoder, but libopus for opus, from which FFmpeg's own deviates by up to -20 dB."""
    if context.codec.canonical_name == "opus" and "libopus" in av.codecs_available:
        own, context = context, av.CodecContext.create("libopus", "r")
        context.extradata, context.layout, context.sample_rate = own.extradata, own.layout, own.sample_rate
        context.options = {"request_sample_fmt": "flt"}
    context.thread_count = 1  # several files are decoded in several processes
    return context


def _seconds(tag: str) -> float:
    """Return the seconds of a tag such as 00:03:25.120000000 (Matroska), 0 if it is none."""
    parts = tag.split(":")
    try:
        hours, minutes, seconds = map(float, parts)
    except ValueError:
        return 0.0
    return 3600 * hours + 60 * minutes + seconds


_seek = seek_function()


class _File(io.FileIO):
    """A file whose `seek` returns -1 on failure, as FFmpeg expects.

    PyAV prints and drops exceptions of callbacks. So a failing seek must not raise, and where the system allows it
    no Python code runs in it, in which an interrupt could arrive and be lost.
    """

    def __init__(self, path: str | bytes) -> None:
        super().__init__(path)
        self.seek = functools.partial(_seek, self.fileno())  # type: ignore[method-assign]


class _MemoryFile(io.BytesIO):
    """The content of a file; its `seek` returns -1 on failure, as that of `_File` does."""

    def __init__(self, content: bytes, name: str) -> None:
        if not content:
            raise AudioError(f"{name} is empty (0 bytes): pass the content of an audio file")
        super().__init__(content)
        self.name = name

    def seek(self, offset: int, whence: int = os.SEEK_SET, /) -> int:
        try:
            return super().seek(offset, whence)
        except (OverflowError, ValueError):
            return -1


def _open(path: str | os.PathLike[str], name: str) -> _File:
    if not os.fspath(path):
        raise AudioError("the path is empty: pass that of an audio file")
    try:
        status = os.stat(path)
        if stat.S_ISDIR(status.st_mode):
            raise AudioError(f"{name} is a directory: give the files in it")
        if not stat.S_ISREG(status.st_mode):
            raise AudioError(f"{name} is a pipe, device or socket: copy its content to a regular file first")
        if status.st_size == 0:
            raise AudioError(f"{name} is empty (0 bytes): download it again")
        return _File(os.fspath(path))
    except FileNotFoundError as error:
        raise AudioError(f"{name} does not exist: check the path") from error
    except PermissionError as error:
        raise AudioError(f"{name} cannot be read: check its permissions") from error
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise AudioError(f"{name} cannot be opened ({reason.lower()}): check the path") from error
