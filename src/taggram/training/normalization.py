"""Mean and standard deviation of the features of a training split."""

from __future__ import annotations

import numpy as np

from taggram.datasets import PackedStore
from taggram.features import FrontEnd
from taggram.features.numpy_log_mel import log_mel
from taggram.training.data import Split, sample_segments

MAX_CLIPS = 256  # one random segment of each is measured


def mean_and_std(front_end: FrontEnd, store: PackedStore, split: Split, samples: int, seed: int) -> tuple[float, float]:
    """Measure the values of the log-mel-spectrogram over random segments of random clips.

    Parameters
    ----------
    front_end
        Without normalization.
    store, split
        The clips.
    samples
        Length of a segment.
    seed
        Seed of the choice.

    Returns
    -------
    mean, std
        Rounded to three decimals, so that they are the same on every machine.
    """
    segments = sample_segments(store, split, samples, MAX_CLIPS, seed)
    means, squares = np.zeros(len(segments)), np.zeros(len(segments))
    for i, segment in enumerate(segments):
        spectrogram = log_mel(segment[None], front_end).astype(np.float64)
        means[i], squares[i] = spectrogram.mean(), (spectrogram**2).mean()
    mean = means.mean()
    std = np.sqrt(max(0.0, squares.mean() - mean**2))
    return round(float(mean), 3), max(1e-3, round(float(std), 3))
