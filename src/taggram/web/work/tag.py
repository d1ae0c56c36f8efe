"""Tagging in a worker; models stay loaded."""

from __future__ import annotations

import functools
import json
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from taggram.audio import Sliding
from taggram.models.card import LEVELS, Level, ModelCard
from taggram.tagging import DEFAULT_MODEL, Prediction, Tagger, headline
from taggram.tagging.cache import PredictionCache, PredictionKey
from taggram.tagging.selection import Selection
from taggram.vocabularies import VocabularyMap, label
from taggram.web.errors import TooLongError
from taggram.web.settings import Settings
from taggram.web.work.inspect import client_errors
from taggram.web.work.pool import Report

__all__ = ["TagOptions", "TrackTags", "prepare", "tag_file", "tag_track"]

LOADED_MODELS = 4  # per worker
SHOWN_TAGS = 5  # of a model without thresholds, as `taggram tag` shows them
CACHE_FILE = "predictions.sqlite"


class TagOptions(NamedTuple):
    """Options of ``POST /v1/tag``."""

    level: Level | None
    top: int | None
    hop: float | None
    vocabulary: str | None
    over_time: bool


class TrackTags(NamedTuple):
    """What the server keeps of the tags of a track.

    Attributes
    ----------
    embedding : (size,) float32
        Mean embedding.
    silent
        Whether the audio is silent.
    """

    embedding: NDArray[np.float32]
    silent: bool


def prepare() -> None:
    """Load the default model, and what tagging imports."""
    _tagger(DEFAULT_MODEL)


@functools.lru_cache(LOADED_MODELS)
def _tagger(model: str) -> Tagger:
    return Tagger(model)


def tag_file(report: Report, file: Path, name: str, models: list[str], options: TagOptions, settings: Settings) -> str:
    """Tag a file with several models, as ``taggram tag --json`` does.

    Parameters
    ----------
    report
        Takes the progress.
    file, name
        The audio, and the client's name of it.
    models
        Names of models.
    options
        Segments and tags.
    settings
        Bounds of length and segments.

    Returns
    -------
    str
        A JSON list with an object per model.
    """
    texts = []
    for model in models:
        tagger = _tagger_with_hop(model, options.hop)
        select = Selection.from_options(tagger, None, options.top, False, options.level)
        prediction = replace(_tag(report, tagger, file, name, options.hop, settings), path=name)
        if options.vocabulary is not None:
            prediction = prediction.in_vocabulary(options.vocabulary)
        tags = select(prediction, len(prediction.vocabulary))
        texts.append(prediction.to_json(tags, over_time=options.over_time))
    return f"[{', '.join(texts)}]"


def tag_track(
    report: Report,
    file: Path,
    name: str,
    audio: str,
    model: str,
    hop: float,
    vocabulary: str | None,
    settings: Settings,
    out: Path,
) -> TrackTags:
    """Write the tags of a track over time as JSON; its scores are cached beside the file.

    Parameters
    ----------
    report
        Takes the progress.
    file, name
        The audio, and the client's name of it.
    audio
        Identifies the audio in the cache.
    model, hop, vocabulary
        Name of the model; distance of segments, in seconds; vocabulary of the tags, None for the model's.
    settings
        Bounds of length and segments.
    out
        File for the JSON.
    """
    tagger = _tagger_with_hop(model, hop)
    key = PredictionKey.from_tagger(tagger, audio)
    with PredictionCache(file.with_name(CACHE_FILE)) as cache:
        cached = cache.get(key)
        if cached is None:
            prediction = _tag(report, tagger, file, name, hop, settings)
            cache.put(key, prediction)
        else:
            prediction = cached.to_prediction(tagger, name)
    mapped = prediction if vocabulary is None else prediction.in_vocabulary(vocabulary)
    data = _describe(mapped, tagger.card, hop) | {"headline": headline(prediction)}
    out.write_text(json.dumps(data, ensure_ascii=False, allow_nan=False, separators=(",", ":")), encoding="utf-8")
    return TrackTags(prediction.embedding, prediction.silent)


def _tagger_with_hop(model: str, hop: float | None) -> Tagger:
    tagger = _tagger(model)
    return tagger if hop is None else tagger.with_segmentation(Sliding(round(hop * tagger.card.sample_rate)))


def _tag(report: Report, tagger: Tagger, file: Path, name: str, hop: float | None, settings: Settings) -> Prediction:
    """Tag a file; end as soon as a bound is exceeded."""

    def check(seconds: float) -> None:
        if seconds > settings.max_seconds:
            raise TooLongError(f"{name} is longer than {settings.max_seconds / 60:g} min: send a shorter part")
        if hop is not None and seconds / hop > settings.max_segments:
            raise TooLongError(f"{name} has more than {settings.max_segments} segments: choose a longer hop")
        report(seconds)

    with client_errors(file, name):
        return tagger.tag(file, on_progress=check)


def _describe(prediction: Prediction, card: ModelCard, hop: float) -> dict[str, Any]:
    """Return a taggram as plain data: the tags, best first, with their scores over time, then the quantities."""
    shown = {tag for tag, _ in Selection(None if card.thresholds is None else "balanced", None)(prediction, SHOWN_TAGS)}
    thresholds = _thresholds(prediction, card)
    tags, scales = [], prediction.scales
    for tag, score in [*prediction.top(len(prediction.vocabulary)), *scales.items()]:
        probability = prediction.probability(tag)
        likely = prediction.segment_probabilities if tag in scales else None
        over_time = (prediction.scores if likely is None else likely)[:, prediction.vocabulary.names.index(tag)]
        tags.append(
            {
                "tag": tag,
                "title": label(tag),
                "category": prediction.vocabulary.tags[tag],
                "score": round(score, 6),
                "probability": None if probability is None else round(probability, 4),
                "level": prediction.level(tag),
                "shown": tag in shown,
                "thresholds": thresholds.get(tag),
                "over_time": np.round(over_time.astype(np.float64), 3).tolist(),
            }
        )
    return {
        "model": prediction.model,
        "vocabulary": prediction.vocabulary.name,
        "times": np.round(prediction.times[:, 0], 3).tolist(),
        "segment_seconds": round(float(prediction.times[0, 1] - prediction.times[0, 0]), 3),
        "hop": hop,
        "seconds": round(prediction.duration, 3),
        "tags": tags,
        "warnings": list(prediction.warnings),
    }


def _thresholds(prediction: Prediction, card: ModelCard) -> dict[str, dict[str, float]]:
    """Return the scores from which on a tag has each level, as `Prediction.level` gives it."""
    if card.levels is None:
        return {}
    balanced = prediction.thresholds.get("balanced", {})
    thresholds: dict[str, dict[str, float]] = {}
    for tag, sources in VocabularyMap.from_names(card.vocabulary, prediction.vocabulary.name).sources.items():
        scores = {level: min(card.levels.score(source, least) for source in sources) for level, least in LEVELS.items()}
        scores["maybe"] = min(scores["maybe"], balanced.get(tag, 1.0))
        thresholds[tag] = {str(level): round(score, 4) for level, score in reversed(scores.items())}
    return thresholds
