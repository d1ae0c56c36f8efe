"""Scores of a model for the clips of a packed store."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from taggram.datasets import PackedStore
from taggram.metrics import TagMetric, average_precision, macro, roc_auc
from taggram.tagging.tagger import Tagger
from taggram.training.labels import Labels


@dataclass(frozen=True)
class SplitScores:
    """Scores of the clips of a split, with their labels.

    Attributes
    ----------
    clips : (clips,) int64
        Positions in the store.
    scores : (clips, tags) float32
        0 to 1.
    labels : (clips, tags) bool
        Which clips have which tag.
    seconds
        Duration of the tagging.
    """

    clips: NDArray[np.int64]
    scores: NDArray[np.float32]
    labels: NDArray[np.bool_]
    seconds: float

    @property
    def roc_auc(self) -> float:
        """Mean over the tags that have positives and negatives; NaN without any."""
        return self._mean(roc_auc)

    @property
    def average_precision(self) -> float:
        """Mean over the tags that have positives and negatives; NaN without any."""
        return self._mean(average_precision)

    def _mean(self, metric: TagMetric) -> float:
        return macro(metric(self.scores, self.labels)).mean


def score_split(
    model: str | os.PathLike[str], store: PackedStore, split: str, *, device: str = "cpu", threads: int = 1
) -> SplitScores:
    """Tag the clips of a split.

    Parameters
    ----------
    model
        Name or folder of a model that was trained on the store.
    store
        At the sample rate of the model.
    split
        Name of the split.
    device, threads
        See `Tagger`.

    Raises
    ------
    DatasetError
        If the store has no such split.
    """
    tagger, clips = Tagger(model, device=device, threads=threads), store.select(split=split)
    labels = Labels.from_clips([store.clips[clip].labels for clip in clips.tolist()], tagger.card.vocabulary.names)
    start = time.perf_counter()
    scores = [tagger.tag(store.read(clip), sample_rate=store.sample_rate).clip_scores() for clip in clips.tolist()]
    seconds = time.perf_counter() - start
    return SplitScores(clips, np.stack(scores), labels.of_clips(np.arange(len(clips))) > 0.5, seconds)
