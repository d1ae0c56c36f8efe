"""Log-mel-spectrogram in NumPy, for the classical baselines, which need no torch."""

from __future__ import annotations

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from taggram.features.front_end import FrontEnd
from taggram.features.mel import mel_filters


def log_mel(waveform: NDArray[np.float32], front_end: FrontEnd) -> NDArray[np.float32]:
    """Compute the same as `taggram.features.log_mel.LogMel`.

    Parameters
    ----------
    waveform : (batch, samples) float32
        Mono samples at the front end's sample rate; at least one frame.
    front_end
        The settings; `normalize` is ``"none"`` or ``"data"``.

    Returns
    -------
    (batch, n_mels, frames) float32
        In the unit of the front end's `log`, normalized by its `normalize`.

    Raises
    ------
    ValueError
        For another `normalize`.
    """
    if front_end.normalize not in ("none", "data"):
        raise ValueError(f"no normalize {front_end.normalize!r} without torch")
    if front_end.padding != "none":
        half = front_end.n_fft // 2
        mode = "reflect" if front_end.padding == "reflect" else "constant"
        waveform = np.pad(waveform, ((0, 0), (half, half)), mode=mode)  # type: ignore[call-overload]
    window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(front_end.n_fft) / front_end.n_fft)
    frames = sliding_window_view(waveform, front_end.n_fft, axis=1)[:, :: front_end.hop]
    power = np.abs(np.fft.rfft(frames * window)) ** 2 @ mel_filters(front_end)
    mean, std = (front_end.mean, front_end.std) if front_end.normalize == "data" else (0.0, 1.0)
    return ((_log(power, front_end.log).swapaxes(1, 2) - mean) / std).astype(np.float32)


def _log(power: NDArray[np.float64], log: str) -> NDArray[np.float64]:
    if log == "db":
        power = 10.0 * np.log10(np.maximum(power, 1e-10))
    elif log != "power":
        power = np.log1p(10000.0 * power) / (np.log(10.0) if log == "log10" else 1.0)
    return power
