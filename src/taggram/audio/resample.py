"""Mono blocks of any sample rate to one rate, as a stream."""

from fractions import Fraction

import numpy as np
import soxr

from taggram.audio.levels import Waveform

__all__ = ["Resampler", "common_grid"]

# Seconds of input after which the output no longer depends on what came before: soxr's HQ filter is much shorter.
WARM_UP = 0.1

_NOTHING = np.empty(0, dtype=np.float32)


class Resampler:
    """Brings blocks to one rate with soxr HQ; blocks that have it pass through.

    Where the rate of the input changes, what is pending is flushed and a new filter begins, so that no time is lost.

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
            What follows the block given before.
        rate
            Its rate in Hz.

        Returns
        -------
        (samples,) float32
            What is ready at the output rate; the filter holds some back.
        """
        pending = _NOTHING
        if rate != self._input:
            pending = self.flush()
            self._input = rate
            self._filter = soxr.ResampleStream(rate, self._rate, 1, dtype="float32", quality="HQ")
        ready = self._filter.resample_chunk(block) if self._filter else block
        return np.concatenate([pending, ready]) if pending.size else ready

    def flush(self) -> Waveform:
        """Give out what the filter still holds; no block may follow but of another rate."""
        if self._filter is None:
            return _NOTHING
        rest: Waveform = self._filter.resample_chunk(_NOTHING, last=True)
        self._input, self._filter = self._rate, None
        return rest


def common_grid(first: int, native: int, rate: int) -> tuple[int, int]:
    """Find where to begin resampling so that output sample `first` is the one that resampling it all would give.

    Parameters
    ----------
    first
        Output sample that is wanted, counted from the beginning.
    native, rate
        Rates of input and output in Hz.

    Returns
    -------
    begin : int
        Input sample to begin with: one that coincides with an output sample, far enough ahead for the filter to
        settle.
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
