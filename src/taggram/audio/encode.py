"""Encoding of mono samples: by any codec of FFmpeg, as wav files of floats, as Opus for pages."""

from __future__ import annotations

import io
import os
from pathlib import Path
from typing import Any, BinaryIO

import av
import numpy as np
import soxr
from numpy.typing import NDArray

from taggram._files import atomic_file
from taggram.errors import AudioError

__all__ = ["check_copy", "encode", "encode_opus", "write_wav"]

_OPUS_RATES = (8000, 12000, 16000, 24000, 48000)  # in Hz


def check_copy(path: str | os.PathLike[str], out: Path) -> None:
    """Raise an error if a changed copy of a file cannot be written; to be called before long work.

    Parameters
    ----------
    path
        The original.
    out
        The copy, for `write_wav`.

    Raises
    ------
    AudioError
        If `out` has another suffix than ``.wav``, is the original or in no folder.
    """
    if out.suffix.lower() != ".wav":
        raise AudioError(f"{out} would be a wav file: give it the suffix .wav")
    if not out.parent.is_dir():
        raise AudioError(f"{out.parent} is no folder: create it")
    if out.exists() and os.path.exists(path) and os.path.samefile(path, out):
        raise AudioError(f"{out} is the original: write the copy to another file")


def write_wav(file: Path, samples: NDArray[np.float32], sample_rate: int) -> None:
    """Write a wav file of 32-bit floats, so that nothing is clipped; an old one is replaced atomically.

    Parameters
    ----------
    file
        The file; its folder must exist.
    samples : (samples,) float32
        Mono; full scale is 1.0.
    sample_rate
        In Hz.
    """
    with atomic_file(file) as part, part.open("wb") as target:
        encode(target, samples, sample_rate, "wav", "pcm_f32le")


def encode_opus(samples: NDArray[np.float32], sample_rate: int, bit_rate: int) -> bytes:
    """Encode samples as an Ogg file of Opus.

    Parameters
    ----------
    samples : (samples,) float32
        Mono; full scale is 1.0.
    sample_rate
        In Hz. A rate that Opus lacks is resampled to the next higher one, or to 48,000 Hz.
    bit_rate
        In bits per second.
    """
    rate = next((rate for rate in _OPUS_RATES if rate >= sample_rate), _OPUS_RATES[-1])
    file = io.BytesIO()
    encode(file, soxr.resample(samples, sample_rate, rate), rate, "ogg", "libopus", bit_rate=bit_rate)
    return file.getvalue()


def encode(
    file: BinaryIO, samples: NDArray[np.float32], sample_rate: int, container: str, codec: str, **options: Any
) -> None:
    """Encode samples by FFmpeg.

    Parameters
    ----------
    file
        Open for writing, and seekable.
    samples : (samples,) float32
        Mono; full scale is 1.0.
    sample_rate
        In Hz, one that the codec has.
    container, codec
        FFmpeg's names, as in ``"mp3"`` and ``"libmp3lame"``.
    options
        Attributes of the stream, such as `bit_rate`.
    """
    with av.open(file, "w", format=container) as output:
        stream: Any = output.add_stream(codec, rate=sample_rate, layout="mono", **options)
        frame: Any = av.AudioFrame.from_ndarray(samples[None], format="flt", layout="mono")
        frame.sample_rate = sample_rate
        output.mux(stream.encode(frame))
        output.mux(stream.encode(None))
