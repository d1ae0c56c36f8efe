"""Spectra from mel bands."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from taggram.features import FrontEnd
from taggram.features.mel import mel_filters

__all__ = ["invert_mel"]

_ITERATIONS = 50
_TINY = np.float32(1e-30)


def invert_mel(bands: NDArray[np.float32], front_end: FrontEnd) -> NDArray[np.float32]:
    r"""Estimate the Fourier magnitudes of frames from their mel bands.

    There are more bins than bands, so that many spectra have the same bands. This one is nonnegative, and flat where
    the bands allow it: from a flat spectrum, the multiplicative update

    .. math:: x_k \leftarrow x_k \frac{\sum_b F_{kb} \, m_b / \sum_j F_{jb} x_j}{\sum_b F_{kb}}

    reduces the Kullback-Leibler divergence of its bands from the given ones (Lee and Seung 2001), which counts a quiet
    band as much as a loud one.

    Parameters
    ----------
    bands : (frames, n_mels) float32
        Mel bands without logarithm, at least 0.
    front_end
        The filter bank, and whether the bands are of power or magnitude.

    Returns
    -------
    (frames, n_fft / 2 + 1) float32
        Magnitudes; 0 in bins that no filter covers.

    Notes
    -----
    On music at 16 kHz with 48 to 128 bands, the error of the bands is 0.1 to 0.4 dB, and that of the magnitudes is
    smaller than with the pseudo-inverse whose negative values are set to 0 (errors 3 to 4 dB in the bands) or with
    nonnegative least squares (no error in the bands, but most bins are 0, so that noise becomes tones).

    References
    ----------
    Lee, Seung: "Algorithms for non-negative matrix factorization", NIPS 2001.
    """
    filters = mel_filters(front_end).astype(np.float32)
    weights = filters.sum(axis=1)
    spectrum = np.repeat((weights > 0).astype(np.float32)[None], len(bands), axis=0)
    for _ in range(_ITERATIONS):
        spectrum *= (bands / np.maximum(spectrum @ filters, _TINY)) @ filters.T
        spectrum /= np.maximum(weights, _TINY)
    return spectrum if front_end.spectrum == "magnitude" else np.sqrt(spectrum)
