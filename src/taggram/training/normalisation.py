"""Mean and standard deviation of what a network sees of a training split."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from taggram.features.numpy_log_mel import log_mel
from taggram.training.data import one_of_each

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
    segments = one_of_each(store, split, samples, CLIPS, seed)
    means, squares = np.zeros(len(segments)), np.zeros(len(segments))
    for i, segment in enumerate(segments):
        spectrogram = log_mel(segment[None], front_end).astype(np.float64)
        means[i], squares[i] = spectrogram.mean(), (spectrogram**2).mean()
    mean = means.mean()
    std = np.sqrt(max(0.0, squares.mean() - mean**2))
    return round(float(mean), 3), max(1e-3, round(float(std), 3))
