"""Overlap of clips with the training split of another data set, by artist and title."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from taggram.auditing.recordings import Recordings
from taggram.datasets import ClipIndex

__all__ = ["train_overlap"]


def train_overlap(artists: Iterable[str], titles: Iterable[str], other: ClipIndex) -> NDArray[np.bool_]:
    """Find the clips whose recording is in the training split of another data set.

    Parameters
    ----------
    artists, titles
        Of each clip.
    other
        Index of the data set, whose models were trained on its split ``train``.

    Returns
    -------
    (clips,) bool
        Whether its recording is in that split; `Recordings` compares names that two sources spell differently.
    """
    recordings = Recordings((clip.artist, clip.title) for clip in other.clips if clip.split == "train")
    return np.array([recordings.contains(artist, title) for artist, title in zip(artists, titles, strict=True)])
