"""Streaming resampler."""

from fractions import Fraction

import numpy as np
import soxr

from taggram.audio.sanitize import Waveform

__all__ = ["Resampler", "common_grid"]

# Seconds of input after which the output no longer depends on earlier input: soxr's HQ filter is much shorter.
WARM_UP = 0.1

_NOTHING = np.empty(0, dtype=np.float32)


class Resampler:
    """Resamples blocks to one rate with soxr HQ; blocks that already have it pass through.

    Where the rate of the input changes, the filter is flushed and a new one begins, so that no samples are lost.

    Parameters
    ----------
    rate
        Rate of the output in Hz.
    """

    def __init__(self, rate: int) -> None:
        self._rate = rate
        self._input = rate
        self._filter: soxr.ResampleStream | None = None

    def __call__(self, block: Waveform, rate: int) -> Waveform:
        """Resample the next block.

        Parameters
        ----------
        block : (samples,) float32
            Samples that follow those of the previous block.
        rate
            Its rate in Hz.

        Returns
        -------
        (samples,) float32
            Samples at the output rate; the filter delays some of them.
        """
        pending = _NOTHING
        if rate != self._input:
            pending = self.flush()
            self._input = rate
            self._filter = soxr.ResampleStream(rate, self._rate, 1, dtype="float32", quality="HQ")
        ready = self._filter.resample_chunk(block) if self._filter else block
        return np.concatenate([pending, ready]) if pending.size else ready

    def flush(self) -> Waveform:
        """Return the delayed samples (samples,) float32; a block of the same rate must not follow."""
        if self._filter is None:
            return _NOTHING
        rest: Waveform = self._filter.resample_chunk(_NOTHING, last=True)
        self._input, self._filter = self._rate, None
        return rest


def common_grid(first: int, native: int, rate: int) -> tuple[int, int]:
    """Find where to begin resampling so that the output from `first` on equals that of resampling everything.

    Parameters
    ----------
    first
        First output sample, counted from the beginning.
    native, rate
        Rates of input and output in Hz.

    Returns
    -------
    begin : int
        First input sample: it coincides with an output sample, far enough before `first` for the filter to settle.
    skip : int
        Output samples to drop.

    Examples
    --------
    >>> common_grid(16000, 44100, 16000)
    (39690, 1600)
    """
    if native == rate:
        return first, 0
    ratio = Fraction(native, rate)
    step = max(0, first - round(WARM_UP * rate)) // ratio.denominator
    return step * ratio.numerator, first - step * ratio.denominator
