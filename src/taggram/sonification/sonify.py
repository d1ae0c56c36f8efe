"""Samples and files that are reconstructed from their log-mel-spectrogram."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from taggram.audio import read
from taggram.audio.encode import check_copy, write_wav
from taggram.audio.samples import check_samples
from taggram.errors import ModelError
from taggram.features import FrontEnd
from taggram.features.numpy_log_mel import invert_log, log_mel, window
from taggram.models import ModelCard
from taggram.models.directories import find_model
from taggram.sonification.bit_depth import reduce_bit_depth
from taggram.sonification.griffin_lim import griffin_lim
from taggram.sonification.mel_inversion import invert_mel

__all__ = ["model_front_end", "reconstruct", "sonify", "sonify_file", "spectrogram"]


def sonify(
    x: NDArray[np.floating], front_end: FrontEnd, *, bits: int | None = None, seed: int = 0
) -> NDArray[np.float32]:
    """Reconstruct samples from their log-mel-spectrogram.

    Parameters
    ----------
    x : (samples,) float
        Mono samples at the front end's sample rate; full scale is 1.0.
    front_end
        The settings. Its normalization is left out.
    bits
        Bits per value to which the spectrogram is rounded, 1 to 16; None keeps its float32.
    seed
        Seed of the random phases.

    Returns
    -------
    (samples,) float32
        As many as before. Memory is about 3 MB per second of audio at 16,000 Hz.

    Raises
    ------
    AudioError
        If the samples are not mono, not floats or not finite, or if there are none.
    ValueError
        For another number of bits.

    Examples
    --------
    >>> samples = read("examples/lets-go-fishin.opus", 16000, duration=2)
    >>> sonify(samples, FrontEnd(n_mels=48, hop=512)).shape
    (32000,)
    """
    x = check_samples(x, front_end.sample_rate)
    return reconstruct(spectrogram(x, front_end, bits), front_end, x.size, seed)


def spectrogram(x: NDArray[np.float32], front_end: FrontEnd, bits: int | None = None) -> NDArray[np.float32]:
    """Compute the log-mel-spectrogram (n_mels, frames) without normalization, rounded to `bits` per value."""
    settings = front_end.replace(normalize="none", mean=0.0, std=1.0)
    (values,) = log_mel(np.pad(x, (0, max(0, front_end.n_fft - x.size)))[None], settings)
    return values if bits is None else reduce_bit_depth(values, bits)


def reconstruct(values: NDArray[np.float32], front_end: FrontEnd, samples: int, seed: int) -> NDArray[np.float32]:
    """Reconstruct so many samples from a log-mel-spectrogram (n_mels, frames) without normalization.

    Where frames are further apart than a quarter of their length, values are interpolated between them: Griffin-Lim
    needs overlapping frames, and between frames with gaps there would be silence.
    """
    hop = min(front_end.hop, front_end.frame_length // 4)
    first = 0 if front_end.padding != "none" else front_end.frame_length // 2
    centres = np.arange(-(-samples // hop) + 1) * hop
    bands = invert_log(_interpolate(values, (centres - first) / front_end.hop), front_end.log)
    magnitude = invert_mel(bands.T, front_end)
    return griffin_lim(magnitude, window(front_end).astype(np.float32), hop, seed=seed)[:samples]


def _interpolate(values: NDArray[np.float32], positions: NDArray[np.float64]) -> NDArray[np.float32]:
    """Interpolate frames linearly; before the first and after the last one, they are repeated."""
    positions = positions.clip(0, values.shape[1] - 1)
    before = positions.astype(np.int64)
    after = np.minimum(before + 1, values.shape[1] - 1)
    share = (positions - before).astype(np.float32)
    return values[:, before] + share * (values[:, after] - values[:, before])


def sonify_file(
    path: str | os.PathLike[str],
    out: str | os.PathLike[str],
    front_end: FrontEnd,
    *,
    bits: int | None = None,
    start: float = 0.0,
    duration: float | None = 30.0,
    seed: int = 0,
) -> None:
    """Write a file that is reconstructed from the log-mel-spectrogram of another one.

    Parameters
    ----------
    path
        A file of any format FFmpeg decodes; its channels are averaged.
    out
        The copy: mono, at the front end's sample rate, as 32-bit float wav.
    front_end, bits, seed
        As for `sonify`.
    start, duration
        The part of the file, in seconds; None reads to the end, with memory for all of it.

    Raises
    ------
    AudioError
        If the file cannot be read, has no audio or ends before `start`, or if `out` has another suffix than ``.wav``,
        is the file itself or in no folder.
    """
    out = Path(out)
    check_copy(path, out)
    samples = read(path, front_end.sample_rate, start=start, duration=duration)
    write_wav(out, sonify(samples, front_end, bits=bits, seed=seed), front_end.sample_rate)


def model_front_end(model: str, **changes: Any) -> FrontEnd:
    """Return the front end of a model, from its card.

    Parameters
    ----------
    model
        Name of an installed model, or its folder.
    changes
        Settings that are replaced, such as `n_mels`.

    Raises
    ------
    ModelError
        If there is no such model, if its front end is no log-mel-spectrogram, or if a changed setting does not fit it.
    """
    front_end = ModelCard.read(find_model(model)).front_end
    if not isinstance(front_end, FrontEnd):
        raise ModelError(f"the front end of {model} is no log-mel-spectrogram: choose another model")
    try:
        return front_end.replace(**changes)
    except ValueError as error:
        raise ModelError(f"the front end of {model} cannot be changed so: {error}") from error
