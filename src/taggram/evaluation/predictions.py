"""Scores and embeddings of whole clips, from the prediction cache where they are in it."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from taggram._progress import ProgressHook, no_progress
from taggram.errors import TaggramError
from taggram.tagging import Tagger
from taggram.tagging.cache import PredictionCache, predict_cached
from taggram.tagging.prediction import Aggregation

__all__ = ["ClipPredictions", "predict_clips"]


@dataclass(frozen=True, eq=False)
class ClipPredictions:
    """Predictions of a model for some clips, aggregated over the segments of each.

    Attributes
    ----------
    scores : (clips, tags) float32
        Probabilities, 0 to 1, in the model's own vocabulary; NaN for a clip that could not be tagged.
    embeddings : (clips, size) float32
        Means of the layer before the last; NaN for a clip that could not be tagged.
    errors
        Why a clip could not be tagged, by its position.
    """

    scores: NDArray[np.float32]
    embeddings: NDArray[np.float32]
    errors: Mapping[int, TaggramError] = field(default_factory=dict)


def predict_clips(
    tagger: Tagger,
    files: Sequence[str | os.PathLike[str]],
    cache: PredictionCache,
    *,
    aggregation: Aggregation = "mean",
    start: float = 0.0,
    duration: float | None = None,
    workers: int = 1,
    title: str | None = None,
    progress: ProgressHook = no_progress,
) -> ClipPredictions:
    """Tag clips; one that cannot be tagged does not stop the others.

    Parameters
    ----------
    tagger
        The model.
    files
        One for each clip.
    cache
        Where predictions are kept.
    aggregation
        Aggregation of the segments' scores.
    start, duration
        The part of each file to tag, in seconds.
    workers
        Processes that tag.
    title, progress
        Title of the progress, and what shows it.
    """
    card = tagger.card
    scores = np.full((len(files), len(card.vocabulary)), np.nan, np.float32)
    embeddings = np.full((len(files), card.embedding_size), np.nan, np.float32)
    errors = {}
    results = predict_cached(tagger, files, cache, workers=workers, start=start, duration=duration)
    for row, result in enumerate(progress(results, len(files), title or f"tagging with {tagger.model}")):
        if result.prediction is None:
            assert result.error is not None
            errors[row] = result.error
        else:
            scores[row] = result.prediction.clip_scores(aggregation)
            embeddings[row] = result.prediction.embedding
    return ClipPredictions(scores, embeddings, errors)
