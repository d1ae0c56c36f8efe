"""Scores and embeddings of whole clips, from the prediction cache where they are in it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from taggram.models import ModelCard
from taggram.tagging import Tagged, Tagger
from taggram.tagging.cache import PredictionCache, predict_cached

__all__ = ["ClipPredictions", "ProgressHook", "predict_clips"]

# Passes tagged files through and shows how many there were; takes them, their number and a title.
ProgressHook = Callable[[Iterable[Tagged], int | None, str], Iterator[Tagged]]


@dataclass(frozen=True, eq=False)
class ClipPredictions:
    """Predictions of a model for some clips: means over the segments of each.

    Attributes
    ----------
    card
        Of the model.
    scores : (clips, tags) float32
        Probabilities, 0 to 1, in the model's own vocabulary.
    embeddings : (clips, size) float32
        The layer before the last.
    """

    card: ModelCard
    scores: NDArray[np.float32]
    embeddings: NDArray[np.float32]


def predict_clips(
    model: str,
    files: Sequence[Path],
    cache: PredictionCache,
    *,
    workers: int = 1,
    progress: ProgressHook | None = None,
) -> ClipPredictions:
    """Tag clips.

    Parameters
    ----------
    model
        Name or folder of the model.
    files
        One for each clip.
    cache
        Where predictions are kept.
    workers
        Processes that tag.
    progress
        Such as a progress bar; see `ProgressHook`.

    Raises
    ------
    TaggramError
        If the model is not installed, or if a clip cannot be tagged.
    """
    tagger = Tagger(model)
    results: Iterable[Tagged] = predict_cached(tagger, files, cache, workers=workers)
    if progress is not None:
        results = progress(results, len(files), f"tagging with {tagger.card.name}")
    scores, embeddings = [], []
    for result in results:
        if result.prediction is None:
            assert result.error is not None
            raise result.error
        scores.append(result.prediction.song_scores("mean"))
        embeddings.append(result.prediction.embedding)
    return ClipPredictions(tagger.card, np.stack(scores), np.stack(embeddings))
