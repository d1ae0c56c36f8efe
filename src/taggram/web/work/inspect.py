"""Inspection of an upload: it is decoded once, to its end."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from taggram.audio import AudioStream
from taggram.audio.pyav import open_container
from taggram.audio.resample import Resampler
from taggram.errors import AudioError
from taggram.features.picture import PICTURE
from taggram.web.errors import TooLongError
from taggram.web.work.pool import Report
from taggram.web.work.summary import Peaks, Spectrogram

__all__ = ["PEAKS_FILE", "SPECTROGRAM_FILE", "AudioFacts", "client_errors", "inspect", "write_wav"]

PEAKS_FILE, SPECTROGRAM_FILE = "peaks.npy", "spectrogram.npy"
# Formats and codecs that all browsers play, with the media type.
PLAYABLE = {
    "mp3": ("audio/mpeg", {"mp3"}),
    "mov,mp4,m4a,3gp,3g2,mj2": ("audio/mp4", {"aac", "mp3"}),
    "ogg": ("audio/ogg", {"vorbis", "opus"}),
    "flac": ("audio/flac", {"flac"}),
    "wav": ("audio/wav", {"pcm_s16le", "pcm_u8", "pcm_s24le", "pcm_f32le"}),
}


MAX_WAV_RATE = 48_000  # Hz; hours at a higher one do not fit in a wav file


@dataclass(frozen=True)
class AudioFacts:
    """What is known of an audio file once it is decoded.

    Attributes
    ----------
    seconds
        Length of the audio.
    sample_rate, channels
        By the header.
    title, artist
        As in the file.
    media_type
        For a browser that plays the file; None if not all browsers can.
    """

    seconds: float
    sample_rate: int
    channels: int
    title: str | None
    artist: str | None
    media_type: str | None


def inspect(report: Report, file: Path, name: str, max_seconds: float) -> AudioFacts:
    """Decode a file, and write its peaks and spectrogram beside it.

    Parameters
    ----------
    report
        Takes the progress.
    file
        The file.
    name
        The client's name of it, for errors.
    max_seconds
        Longest audio.

    Raises
    ------
    AudioError
        If it is not audio.
    TooLongError
        If it is too long.
    """
    peaks, spectrogram, resampler = Peaks(), Spectrogram(), Resampler(PICTURE.sample_rate)
    count = 0
    with client_errors(file, name), AudioStream(file) as stream:
        info = stream.info
        for block in stream:
            count += len(block)
            seconds = count / info.sample_rate
            if seconds > max_seconds:
                raise TooLongError(f"{name} is longer than {max_seconds / 60:g} min: send a shorter part")
            peaks.add(block)
            spectrogram.add(resampler(block, info.sample_rate))
            report(seconds)
        media_type = _media_type(file, info.codec)
    spectrogram.add(resampler.flush())
    np.save(file.with_name(PEAKS_FILE), peaks.compute())
    np.save(file.with_name(SPECTROGRAM_FILE), spectrogram.compute())
    title, artist = info.tags.get("title"), info.tags.get("artist")
    return AudioFacts(round(seconds, 3), info.sample_rate, info.channels, title, artist, media_type)


def write_wav(report: Report, file: Path, name: str, out: Path) -> None:
    """Write audio as 16-bit wav, in stereo or mono and at no more than 48 kHz, for browsers."""
    import av

    with client_errors(file, name), file.open("rb") as opened, open_container(opened) as source:
        stream = source.streams.best("audio")
        rate = min(stream.codec_context.sample_rate, MAX_WAV_RATE)
        layout = "stereo" if stream.codec_context.channels > 1 else "mono"
        resampler = av.AudioResampler("s16", layout, rate)
        with out.open("wb") as target, av.open(target, "w", format="wav") as container:
            encoder: Any = container.add_stream("pcm_s16le", rate=rate, layout=layout)
            for packet in source.demux(stream):
                try:
                    frames = packet.decode()
                except av.FFmpegError:
                    continue  # damage is left out, as it is everywhere in taggram
                for frame in frames:
                    for resampled in resampler.resample(frame):
                        container.mux(encoder.encode(resampled))
                    if frame.time is not None:
                        report(frame.time)
            for resampled in resampler.resample(None):
                container.mux(encoder.encode(resampled))
            container.mux(encoder.encode(None))


def _media_type(file: Path, codec: str) -> str | None:
    with file.open("rb") as opened, open_container(opened) as container:
        media_type, codecs = PLAYABLE.get(container.format.name, (None, set[str]()))
    return media_type if codec in codecs else None


@contextlib.contextmanager
def client_errors(file: Path, name: str) -> Iterator[None]:
    """Replace the path of a file on the server by the client's name of it, in errors."""
    try:
        yield
    except AudioError as error:
        raise AudioError(str(error).replace(str(file), name)) from None
