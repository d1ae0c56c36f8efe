"""Mel filter bank: triangles on one of the two mel scales."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from taggram.features.front_end import FrontEnd

_SLANEY_HZ = 200.0 / 3.0  # width of a mel below 1 kHz
_SLANEY_BREAK = 1000.0 / _SLANEY_HZ  # 1 kHz, in mels
_SLANEY_STEP = np.log(6.4) / 27.0  # 27 mels from 1 kHz to 6.4 kHz


def hz_to_mel(hz: ArrayLike, scale: str) -> NDArray[np.float64]:
    """Convert frequencies in Hz to the mel scale ``"htk"`` or ``"slaney"``."""
    hz = np.asarray(hz, dtype=np.float64)
    if scale == "htk":
        return 2595.0 * np.log10(1.0 + hz / 700.0)
    return np.where(
        hz < 1000.0, hz / _SLANEY_HZ, _SLANEY_BREAK + np.log(np.maximum(hz, 1000.0) / 1000.0) / _SLANEY_STEP
    )


def mel_to_hz(mel: ArrayLike, scale: str) -> NDArray[np.float64]:
    """Invert `hz_to_mel`."""
    mel = np.asarray(mel, dtype=np.float64)
    if scale == "htk":
        return 700.0 * (10.0 ** (mel / 2595.0) - 1.0)
    above = 1000.0 * np.exp(_SLANEY_STEP * np.maximum(mel - _SLANEY_BREAK, 0.0))
    return np.where(mel < _SLANEY_BREAK, mel * _SLANEY_HZ, above)


def mel_filters(front_end: FrontEnd) -> NDArray[np.float64]:
    """Return triangular filters, equally spaced in mel.

    Parameters
    ----------
    front_end
        The mel scale, the number of bands, their range, slope and normalization.

    Returns
    -------
    (n_fft / 2 + 1, n_mels) float64
        Weights of each Fourier bin in each mel band, at least 0.
    """
    scale = front_end.mel_scale
    low, high = hz_to_mel(np.array([front_end.f_min, front_end.top]), scale)
    mels = np.linspace(low, high, front_end.n_mels + 2)
    edges = mel_to_hz(mels, scale)
    bins = np.linspace(0.0, front_end.sample_rate / 2, front_end.n_fft // 2 + 1)[:, None]
    filters = _triangles(hz_to_mel(bins, scale), mels) if front_end.mel_slope == "mel" else _triangles(bins, edges)
    if front_end.mel_norm != "none":
        filters *= 2.0 / (edges[2:] - edges[:-2])
    return filters


def _triangles(x: NDArray[np.float64], edges: NDArray[np.float64]) -> NDArray[np.float64]:
    left, centre, right = edges[:-2], edges[1:-1], edges[2:]
    triangles: NDArray[np.float64] = np.maximum(
        0.0, np.minimum((x - left) / (centre - left), (right - x) / (right - centre))
    )
    return triangles
