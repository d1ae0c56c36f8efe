"""The log-mel-spectrogram in NumPy, for models that are no networks and need no torch."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from taggram.features.mel import mel_filters

if TYPE_CHECKING:
    from jaxtyping import Float32, Float64

    from taggram.features.front_end import FrontEnd


def log_mel(
    waveform: Float32[np.ndarray, "batch samples"], front_end: FrontEnd
) -> Float32[np.ndarray, "batch mels frames"]:
    """Compute what `taggram.features.log_mel.LogMel` computes.

    Parameters
    ----------
    waveform
        Mono samples at the front end's rate; at least one frame of them.
    front_end
        What to compute; its `normalise` is ``"none"`` or ``"data"``.

    Raises
    ------
    ValueError
        For another `normalise`.
    """
    if front_end.normalise not in ("none", "data"):
        raise ValueError(f"no normalise {front_end.normalise!r} without torch")
    if front_end.padding != "none":
        half = front_end.n_fft // 2
        mode = "reflect" if front_end.padding == "reflect" else "constant"
        waveform = np.pad(waveform, ((0, 0), (half, half)), mode=mode)  # type: ignore[call-overload]
    window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(front_end.n_fft) / front_end.n_fft)
    frames = sliding_window_view(waveform, front_end.n_fft, axis=1)[:, :: front_end.hop]
    power = np.abs(np.fft.rfft(frames * window)) ** 2 @ mel_filters(front_end)
    mean, std = (front_end.mean, front_end.std) if front_end.normalise == "data" else (0.0, 1.0)
    return ((_log(power, front_end.log).swapaxes(1, 2) - mean) / std).astype(np.float32)


def _log(power: Float64[np.ndarray, "*shape"], law: str) -> Float64[np.ndarray, "*shape"]:
    if law == "db":
        power = 10.0 * np.log10(np.maximum(power, 1e-10))
    elif law != "power":
        power = np.log1p(10000.0 * power) / (np.log(10.0) if law == "log10" else 1.0)
    return power
