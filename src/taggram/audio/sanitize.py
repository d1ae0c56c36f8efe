"""Sanitizing of samples: non-finite values, other units than full scale, and damaged samples.

Full scale is 1.0. The rules, applied to the mono samples (see `downmix`) at the recording's own rate:

- NaN and infinite samples become 0.
- A recording stored as floating point whose peak exceeds 4 (12 dB over full scale) is in another unit, such as 16-bit
  steps: all of it is divided by its peak. That holds for float PCM files and for float arrays.
- In every other recording a sample beyond 4 is damage, such as a bit flipped in an mp3: it is clipped to full scale.
- Samples up to 4 are kept; lossy codecs overshoot full scale without any damage.

Each rule that applies gives one warning.
"""

import itertools
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from taggram.audio.downmix import CELL, MIN_CELL, cancellation_warnings, uncancelled_channel
from taggram.errors import AudioError

__all__ = ["Sanitizer", "Waveform", "clean", "finite_peak", "full_scale"]

Waveform = npt.NDArray[np.float32]

MAX_MAGNITUDE = 4.0


@dataclass
class Sanitizer:
    """Applies the rules to the blocks of one recording and counts the changed samples.

    Parameters
    ----------
    peak
        Largest finite magnitude of the whole recording, if it is stored as floating point; None for any other.
    """

    peak: float | None = None
    non_finite: int = 0
    clipped: int = 0

    def apply(self, block: Waveform) -> Waveform:
        """Sanitize a block in place.

        Parameters
        ----------
        block : (samples,) float32
            Changed in place.

        Returns
        -------
        (samples,) float32
            The same array: finite, within -4..4.
        """
        if block.size == 0:
            return block
        in_range = block.min() >= -MAX_MAGNITUDE and block.max() <= MAX_MAGNITUDE  # False where either is NaN
        if not in_range:
            finite = np.isfinite(block)
            self.non_finite += int(block.size - np.count_nonzero(finite))
            block[~finite] = 0
        if self._rescaled:
            block /= np.float32(self.peak)
        elif not in_range:
            beyond = np.abs(block) > MAX_MAGNITUDE
            self.clipped += int(np.count_nonzero(beyond))
            block[beyond] = np.sign(block[beyond])
        return block

    @property
    def _rescaled(self) -> bool:
        return self.peak is not None and self.peak > MAX_MAGNITUDE

    def warnings(self) -> list[str]:
        """Return a line for each rule that applied to the blocks so far."""
        lines = []
        if self.non_finite:
            lines.append(f"{_samples(self.non_finite)} NaN or infinite, set to 0")
        if self._rescaled:
            lines.append(f"the peak is {self.peak:.6g} where full scale is 1: all samples divided by it")
        if self.clipped:
            lines.append(f"{_samples(self.clipped)} more than 12 dB over full scale, clipped")
        return lines


def clean(samples: npt.ArrayLike) -> tuple[Waveform, list[str]]:
    """Convert an array of samples to a sanitized mono waveform.

    Parameters
    ----------
    samples : (samples,) or (channels, samples), any integer or floating type
        Integers are divided by the full scale of their type (unsigned ones are centred first); floats have full scale
        1.0. Channels are averaged; where they cancel, one is chosen.

    Returns
    -------
    waveform : (samples,) float32
        A new array, finite, within -4..4.
    warnings : list of str
        Changes, one line each; empty for a sound recording.

    Raises
    ------
    AudioError
        If there are no samples, more than two dimensions, more channels than samples, or another type.

    Examples
    --------
    >>> clean(np.array([0, 16384, -32768], dtype=np.int16))
    (array([ 0. ,  0.5, -1. ], dtype=float32), [])
    """
    try:
        array = np.asarray(samples)
    except ValueError as error:
        raise AudioError("an array of samples must be of shape (samples,) or (channels, samples)") from error
    if array.dtype.kind not in "iuf":
        raise AudioError(f"samples must be integers or floats, not {array.dtype}")
    if array.ndim not in (1, 2):
        raise AudioError(f"an array of samples must be of shape (samples,) or (channels, samples), not {array.shape}")
    if array.size == 0:
        raise AudioError(f"an array of shape {array.shape} has no samples")
    if array.ndim == 2 and array.shape[0] > array.shape[1]:
        raise AudioError(f"an array of shape {array.shape} has more channels than samples: transpose it")
    zero, scale = full_scale(array.dtype)
    with np.errstate(over="ignore", invalid="ignore"):
        if array.dtype.kind != "f":
            array = (array.astype(np.float64) - zero) / scale
        channels = np.atleast_2d(array)
        waveform = channels.mean(axis=0, dtype=np.float64).astype(np.float32)
        cancelled = 0
        inner = range(CELL, waveform.size - MIN_CELL + 1, CELL)
        for start, stop in itertools.pairwise([0, *inner, waveform.size]):
            channel = uncancelled_channel(waveform[start:stop], channels[:, start:stop].astype(np.float32))
            if channel is not None:
                waveform[start:stop] = channel
                cancelled += channel.size
    sanitizer = Sanitizer(finite_peak(waveform))
    return sanitizer.apply(waveform), cancellation_warnings(cancelled) + sanitizer.warnings()


def full_scale(dtype: np.dtype[Any]) -> tuple[float, float]:
    """Return the value of silence of a sample type, and the distance from it to full scale.

    Examples
    --------
    >>> full_scale(np.dtype(np.uint8)), full_scale(np.dtype(np.int16)), full_scale(np.dtype(np.float64))
    ((128.0, 128.0), (0.0, 32768.0), (0.0, 1.0))
    """
    if dtype.kind == "f":
        return 0.0, 1.0
    half = 2.0 ** (8 * dtype.itemsize - 1)
    return (half if dtype.kind == "u" else 0.0), half


def finite_peak(block: Waveform) -> float:
    """Return the largest magnitude among the finite samples of a block, 0 if there are none."""
    return float(np.max(np.abs(block), where=np.isfinite(block), initial=0))


def _samples(count: int) -> str:
    return f"{count} sample was" if count == 1 else f"{count} samples were"
