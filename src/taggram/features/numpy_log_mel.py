"""Log-mel-spectrogram in NumPy, for the classical baselines and for sonification, which need no torch."""

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
    else:
        margin = (front_end.n_fft - front_end.frame_length) // 2
        waveform = np.pad(waveform, ((0, 0), (margin, margin)))
    frames = sliding_window_view(waveform, front_end.n_fft, axis=1)[:, :: front_end.hop]
    magnitude = np.abs(np.fft.rfft(frames * window(front_end)))
    bands = (magnitude if front_end.spectrum == "magnitude" else magnitude**2) @ mel_filters(front_end)
    mean, std = (front_end.mean, front_end.std) if front_end.normalize == "data" else (0.0, 1.0)
    values = _log(bands, front_end.log).swapaxes(1, 2)
    if front_end.top_db is not None:
        values = np.maximum(values, values.max(axis=(1, 2), keepdims=True) - front_end.top_db)
    return ((values - mean) / std).astype(np.float32)


def window(front_end: FrontEnd) -> NDArray[np.float64]:
    """Return the window (n_fft,) of a frame, which is 0 beyond the frame's length."""
    length = front_end.frame_length
    period = length if front_end.window == "periodic" else length - 1
    return np.pad(0.5 - 0.5 * np.cos(2 * np.pi * np.arange(length) / period), (front_end.n_fft - length) // 2)


def invert_log(values: NDArray[np.float32], log: str) -> NDArray[np.float32]:
    """Return mel bands from their logarithm.

    Parameters
    ----------
    values : any shape, float32
        Without normalization.
    log
        The front end's `log`.

    Returns
    -------
    same shape, float32
        At least 0. What `log` raises to its least value is 0.
    """
    match log:
        case "db":
            bands = np.where(values > -100.0, 10.0 ** (values / 10.0), 0.0)
        case "amplitude_db":
            bands = np.where(values > -100.0, 10.0 ** (values / 20.0), 0.0)
        case "ln":
            bands = np.expm1(values) / 10000.0
        case "log10":
            bands = np.expm1(values * np.log(10.0)) / 10000.0
        case "stabilized":
            bands = np.maximum(np.exp(values) - 0.001, 0.0)
        case _:
            bands = values
    return bands.astype(np.float32)


def _log(bands: NDArray[np.float64], log: str) -> NDArray[np.float64]:
    match log:
        case "db":
            return np.asarray(10.0 * np.log10(np.maximum(bands, 1e-10)))
        case "amplitude_db":
            return np.asarray(20.0 * np.log10(np.maximum(bands, 1e-5)))
        case "ln":
            return np.log1p(10000.0 * bands)
        case "log10":
            return np.asarray(np.log1p(10000.0 * bands) / np.log(10.0))
        case "stabilized":
            return np.log(bands + 0.001)
        case _:
            return bands
