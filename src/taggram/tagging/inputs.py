"""What a tagger takes: files, the content of files, and arrays, each checked before it is read."""

from __future__ import annotations

import io
import math
import os
from numbers import Integral, Real
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from taggram.audio import clean
from taggram.audio.discovery.playlists import is_url
from taggram.audio.discovery.remote import read_remote
from taggram.audio.resample import Resampler
from taggram.audio.source import SAMPLE_RATES
from taggram.errors import AudioError
from taggram.tagging.segmenter import AudioSource

Audio = str | os.PathLike[str] | bytes | bytearray | memoryview | IO[bytes] | NDArray[Any]


def open_audio(
    audio: Audio, rate: int, *, sample_rate: int | None = None, start: float = 0.0, duration: float | None = None
) -> AudioSource:
    """Return audio as a source of samples at a rate; see `taggram.Tagger.tag`."""
    check_part(start, duration)
    if isinstance(audio, np.ndarray):
        return _from_array(audio, rate, sample_rate, start, duration)
    if sample_rate is not None and (isinstance(audio, str | os.PathLike | bytes) or hasattr(audio, "read")):
        raise TypeError("sample_rate is for arrays: a file states its own, so leave it out")
    if isinstance(audio, bytes | bytearray | memoryview):
        return AudioSource(None, None, rate, start, duration, content=bytes(audio))
    if isinstance(audio, str) and is_url(audio):
        audio = read_remote(audio)
    if isinstance(audio, str | os.PathLike):
        return AudioSource(os.fsdecode(audio), None, rate, start, duration)
    if hasattr(audio, "read"):
        name = getattr(audio, "name", None)
        return AudioSource(
            name if isinstance(name, str) else None, None, rate, start, duration, content=_content(audio)
        )
    raise TypeError(
        "tag takes a path, the bytes of an audio file, a file open in binary mode, or a NumPy array with its "
        f"sample_rate, not {type(audio).__name__}"
    )


def as_path(path: str | os.PathLike[str]) -> str:
    """Return a path of `taggram.Tagger.tag_many` as text."""
    if not isinstance(path, str | os.PathLike):
        raise TypeError(f"tag_many takes paths, as str or os.PathLike, not {type(path).__name__}")
    return os.fsdecode(path)


def check_part(start: float, duration: float | None) -> None:
    """Raise an error if start or duration is not valid."""
    for name, value in (("start", start), ("duration", 1.0 if duration is None else duration)):
        if not isinstance(value, Real):
            raise TypeError(f"{name} must be a number of seconds, not {value!r}")
    if not (math.isfinite(start) and start >= 0):
        raise AudioError(f"start must be 0 s or more, not {start:g}")
    if duration is not None and not (math.isfinite(duration) and duration > 0):
        raise AudioError(f"duration must be above 0 s, or None for all of the audio, not {duration:g}")


def check_count(name: str, value: int) -> None:
    """Raise an error if a number of threads or processes is not a positive integer."""
    if not isinstance(value, Integral) or value < 1:
        raise ValueError(f"{name} must be a whole number from 1 on, not {value!r}")


def _content(file: IO[bytes]) -> bytes:
    """Read a file object to its end."""
    content = None if isinstance(file, io.TextIOBase) else file.read()
    if not isinstance(content, bytes):
        raise TypeError("tag takes a file open in binary mode: open(path, 'rb')")
    if not content:
        raise AudioError("the file has no bytes left to read: open it again, or seek(0) first")
    return content


def _from_array(
    samples: NDArray[Any], rate: int, sample_rate: int | None, start: float, duration: float | None
) -> AudioSource:
    """Convert an array as a file is: sanitize, mix down and resample it."""
    if not isinstance(sample_rate, Real) or sample_rate not in SAMPLE_RATES:
        raise AudioError(
            "an array needs its sample rate, a whole number of Hz: tag(samples, sample_rate=44100), "
            f"not sample_rate={sample_rate!r}"
        )
    samples, warnings = clean(samples)
    resampler = Resampler(rate)
    samples = np.concatenate([resampler(samples, int(sample_rate)), resampler.flush()])
    first = round(start * rate)
    part = samples[first : None if duration is None else first + round(duration * rate)]
    if not len(part):
        raise AudioError(f"the array has no audio at {start:g} s: it lasts {len(samples) / rate:.2f} s")
    return AudioSource(None, part, rate, start, warnings=warnings)
