"""Samples from magnitudes of a short-time Fourier transform."""

from __future__ import annotations

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

__all__ = ["griffin_lim"]

_MOMENTUM = np.float32(0.99)  # Perraudin et al. recommend it for many iterations and for few
_TINY = np.float32(1e-12)


def griffin_lim(
    magnitude: NDArray[np.float32], window: NDArray[np.float32], hop: int, *, iterations: int = 32, seed: int = 0
) -> NDArray[np.float32]:
    r"""Find samples whose short-time Fourier transform has about the given magnitudes.

    The fast Griffin-Lim algorithm: from random phases, the samples nearest to the spectra and the transform of these
    samples are computed in turns, the magnitudes are replaced by the given ones, and the phases are extrapolated:

    .. math::
        c_n = \mathrm{STFT}(\mathrm{STFT}^{-1}(s \, e^{\mathrm{i} \angle t_{n-1}})), \quad
        t_n = c_n + 0.99 \, (c_n - c_{n-1}).

    Parameters
    ----------
    magnitude : (frames, bins) float32
        Magnitudes s, at least 0. Frame j is centred on sample j `hop`.
    window : (2 (bins - 1),) float32
        Window of each frame.
    hop
        Distance between frames, in samples; at most a quarter of the window's length, as less overlap leaves phases
        undetermined.
    iterations
        Number of iterations, at least 1.
    seed
        Seed of the random phases.

    Returns
    -------
    ((frames - 1) hop,) float32
        From the centre of the first frame to that of the last one.

    References
    ----------
    Griffin, Lim: "Signal estimation from modified short-time Fourier transform", IEEE Transactions on Acoustics,
    Speech, and Signal Processing 32 (2), 1984.

    Perraudin, Balazs, Søndergaard: "A fast Griffin-Lim algorithm", WASPAA 2013.
    """
    phases = 2 * np.pi * np.random.default_rng(seed).random(magnitude.shape, dtype=np.float32)
    spectra = magnitude * np.exp(1j * phases)
    before: NDArray[np.complexfloating] | None = None
    for _ in range(iterations):
        consistent = np.fft.rfft(sliding_window_view(_invert(spectra, window, hop), len(window))[::hop] * window)
        spectra = consistent if before is None else consistent + _MOMENTUM * (consistent - before)
        spectra = spectra * (magnitude / np.maximum(np.abs(spectra), _TINY))
        before = consistent
    half = len(window) // 2
    samples = _invert(spectra, window, hop)[half : half + (len(magnitude) - 1) * hop]
    return samples.astype(np.float32, copy=False)


def _invert(spectra: NDArray[np.complexfloating], window: NDArray[np.float32], hop: int) -> NDArray[np.floating]:
    """Return the samples whose transform is nearest to spectra in the least-squares sense, from the first frame on."""
    frames = np.fft.irfft(spectra, len(window)) * window
    length = (len(frames) - 1) * hop + len(window)
    weights = np.broadcast_to(window * window, frames.shape)
    samples: NDArray[np.floating] = _add(frames, hop)[:length] / np.maximum(_add(weights, hop)[:length], _TINY)
    return samples


def _add(frames: NDArray[np.floating], hop: int) -> NDArray[np.float32]:
    """Add frames at their distance."""
    parts = -(-frames.shape[1] // hop)
    total = np.zeros((len(frames) + parts, hop), np.float32)
    for i in range(parts):
        part = frames[:, i * hop : (i + 1) * hop]
        total[i : i + len(frames), : part.shape[1]] += part
    return total.ravel()
