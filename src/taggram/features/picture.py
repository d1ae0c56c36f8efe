"""Mel spectrograms to look at, computed block by block."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from taggram.features.front_end import FrontEnd
from taggram.features.mel import hz_to_mel, mel_filters

__all__ = ["PICTURE", "MelPower", "mel_height"]

PICTURE = FrontEnd(sample_rate=16000, n_fft=1024, hop=512, n_mels=128, mel_scale="slaney")


class MelPower:
    """The mel power of samples at the rate of `PICTURE`; the first frame is centred at the first sample."""

    def __init__(self) -> None:
        self._rest = np.zeros(PICTURE.n_fft // 2, np.float32)
        self._window = np.hanning(PICTURE.n_fft + 1)[:-1].astype(np.float32)
        self._filters = mel_filters(PICTURE).astype(np.float32)

    def __call__(self, samples: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the next frames (frames, mels) after some more samples (samples,), which may be none."""
        self._rest = np.concatenate([self._rest, samples])
        if len(self._rest) < PICTURE.n_fft:
            return np.empty((0, PICTURE.n_mels), np.float32)
        frames = np.lib.stride_tricks.sliding_window_view(self._rest, PICTURE.n_fft)[:: PICTURE.hop]
        self._rest = self._rest[len(frames) * PICTURE.hop :]
        power: NDArray[np.float32] = np.abs(np.fft.rfft(frames * self._window)) ** 2 @ self._filters
        return power.astype(np.float32, copy=False)


def mel_height(hz: ArrayLike) -> NDArray[np.float64]:
    """Return where frequencies are in the picture, from 0 at the bottom to 1 at the top."""
    low, high = hz_to_mel([PICTURE.f_min, PICTURE.top], PICTURE.mel_scale)
    height: NDArray[np.float64] = (hz_to_mel(hz, PICTURE.mel_scale) - low) / (high - low)
    return height
