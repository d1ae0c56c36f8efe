"""Mean and standard deviation of what a network sees of a training split."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from taggram.features.numpy_log_mel import log_mel

if TYPE_CHECKING:
    from taggram.features import FrontEnd
    from taggram.training.data import Split, Store

CLIPS = 256  # at most; a random segment of each is measured


def mean_and_std(front_end: FrontEnd, store: Store, split: Split, samples: int, seed: int) -> tuple[float, float]:
    """Measure the values of a spectrogram over random segments of random clips.

    Parameters
    ----------
    front_end
        Not normalised yet.
    store, split
        What is measured.
    samples
        Length of a segment.
    seed
        Of the choice.

    Returns
    -------
    mean, std
        To three decimals, so that they are the same on every machine.
    """
    rng = np.random.default_rng(seed)
    rows = np.sort(rng.permutation(len(split.clips))[:CLIPS])
    starts = rng.integers(np.maximum(split.lengths[rows] - samples, 0) + 1)
    means, squares = np.zeros(len(rows)), np.zeros(len(rows))
    for i, row in enumerate(rows.tolist()):
        segment = store.segments(split.clips[row : row + 1], starts[i : i + 1], samples)
        spectrogram = log_mel(segment, front_end).astype(np.float64)
        means[i], squares[i] = spectrogram.mean(), (spectrogram**2).mean()
    mean = means.mean()
    std = np.sqrt(max(0.0, squares.mean() - mean**2))
    return round(float(mean), 3), max(1e-3, round(float(std), 3))
