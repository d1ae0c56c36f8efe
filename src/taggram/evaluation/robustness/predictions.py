"""Predictions of deformed clips: each clip is decoded once, deformed once, and tagged by all models."""

from __future__ import annotations

import dataclasses
import functools
import warnings
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from taggram._progress import ProgressHook, no_progress
from taggram.audio import read
from taggram.deform import Chain
from taggram.errors import TaggramError
from taggram.evaluation.evaluation_data import EvaluationClip
from taggram.evaluation.protocol import Protocol
from taggram.evaluation.systems import System, SystemOutputs, TaggerSystem
from taggram.parallel import parallel_map
from taggram.tagging import Prediction, Tagger
from taggram.tagging.cache import CachedPrediction, PredictionCache, PredictionKey
from taggram.tagging.result import crash_result, error_result

__all__ = ["DeformedSystem", "Errors", "predict_deformed"]

Errors = Mapping[EvaluationClip, TaggramError]


class DeformedSystem(System):
    """A model on deformed clips, by the predictions in the cache.

    Parameters
    ----------
    system
        The model.
    deformation
        Deformation of the clips.
    protocol
        Decides on the aggregation of the segments' scores.
    cache
        What `predict_deformed` filled.
    errors
        Why a clip has no predictions.
    """

    origin = "model"
    has_embeddings = False

    def __init__(
        self, system: TaggerSystem, deformation: Chain, protocol: Protocol, cache: PredictionCache, errors: Errors
    ) -> None:
        self.name, self.hash, self.trained_on = system.name, system.hash, system.trained_on
        self.vocabulary = system.vocabulary
        self._tagger, self._deformation, self._aggregation = system.tagger, deformation, protocol.aggregation
        self._cache, self._errors = cache, errors

    def outputs(self, clips: Sequence[EvaluationClip], title: str) -> SystemOutputs:  # noqa: ARG002 - nothing is tagged
        """Return the scores of clips; see `System`."""
        scores = np.full((len(clips), len(self._tagger.card.vocabulary)), np.nan, np.float32)
        missing = {}
        for row, clip in enumerate(clips):
            key = None if clip in self._errors else _key(self._tagger, clip, self._deformation, self._cache)
            prediction = None if key is None else self._cache.get(key)
            if prediction is None:
                missing[row] = str(self._errors.get(clip, "its prediction was removed from the cache"))
            else:
                scores[row] = prediction.to_prediction(self._tagger).clip_scores(self._aggregation)
        return SystemOutputs(scores, None, missing)


def predict_deformed(
    taggers: Sequence[Tagger],
    clips: Sequence[EvaluationClip],
    deformations: Sequence[Chain],
    cache: PredictionCache,
    *,
    workers: int = 1,
    progress: ProgressHook = no_progress,
) -> Errors:
    """Tag deformed clips, and cache the predictions, without embeddings; what is in the cache is not tagged again.

    A clip is mixed down and resampled to the sample rate of the models before it is deformed. Random deformations are
    seeded by the content of the file, so that a clip has the same noise for all models and at all strengths.

    Parameters
    ----------
    taggers
        The models.
    clips
        They are tagged in this order.
    deformations
        Of each clip.
    cache
        Where predictions are kept.
    workers
        Processes that tag.
    progress
        Shows the progress in clips.

    Returns
    -------
    dict
        Why a clip has no predictions; a clip that could not be tagged is tried again next time.
    """
    errors: dict[EvaluationClip, TaggramError] = {}
    jobs = []
    for clip in clips:
        try:
            if job := _job(clip, taggers, deformations, cache):
                jobs.append(job)
        except OSError as error:
            errors[clip] = TaggramError(f"{clip.file} cannot be read: {error.strerror}")
    results = parallel_map(
        functools.partial(_run, tuple(taggers)), jobs, workers=workers, on_crash=_crashed, ordered=False
    )
    title = f"{len(deformations)} deformations, {len(taggers)} {'model' if len(taggers) == 1 else 'models'}"
    for result in progress(results, len(clips), title, done=len(clips) - len(jobs)):
        if result.error is not None:
            errors[result.clip] = result.error
        for (position, deformation), prediction in result.predictions.items():
            cache.put(_key(taggers[position], result.clip, deformation, cache), prediction)
    return errors


class _Job(NamedTuple):
    """A clip with a seed and what is missing: positions of taggers by deformation."""

    clip: EvaluationClip
    seed: int
    missing: dict[Chain, list[int]]


class _Result(NamedTuple):
    """Predictions of a clip by position of the tagger and deformation, and the error that ended them, if any."""

    clip: EvaluationClip
    predictions: dict[tuple[int, Chain], CachedPrediction]
    error: TaggramError | None = None


def _job(
    clip: EvaluationClip, taggers: Sequence[Tagger], deformations: Sequence[Chain], cache: PredictionCache
) -> _Job | None:
    missing = defaultdict(list)
    for deformation in deformations:
        for position, tagger in enumerate(taggers):
            if _key(tagger, clip, deformation, cache) not in cache:
                missing[deformation].append(position)
    return _Job(clip, int(cache.content_hash(clip.file)[:16], 16), dict(missing)) if missing else None


def _key(tagger: Tagger, clip: EvaluationClip, deformation: Chain, cache: PredictionCache) -> PredictionKey:
    audio = cache.content_hash(clip.file)
    return PredictionKey.from_tagger(tagger, audio, clip.start, clip.duration, str(deformation))


def _run(taggers: tuple[Tagger, ...], job: _Job) -> _Result:
    """Deform and tag a clip; an exception becomes its error."""
    predictions: dict[tuple[int, Chain], CachedPrediction] = {}
    clip = job.clip
    try:
        for rate in sorted({tagger.card.sample_rate for tagger in taggers}):
            samples = _read(clip.file, rate, clip.start, clip.duration)
            for deformation, positions in job.missing.items():
                of_rate = [position for position in positions if taggers[position].card.sample_rate == rate]
                deformed = deformation(samples, rate, job.seed) if of_rate else samples
                for position in of_rate:
                    prediction = taggers[position].tag(deformed, sample_rate=rate)
                    predictions[position, deformation] = _without_embeddings(prediction)
    except Exception as error:
        return _Result(clip, predictions, error_result(str(clip.file), error).error)
    return _Result(clip, predictions)


def _read(file: Path, rate: int, start: float, duration: float | None) -> NDArray[np.float32]:
    """Decode a clip; its warnings are part of the prediction of the clip as it is."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return read(file, rate, start=start, duration=duration)


def _without_embeddings(prediction: Prediction) -> CachedPrediction:
    names = {field.name for field in dataclasses.fields(CachedPrediction)} - {"embeddings"}
    embeddings = np.empty((len(prediction.scores), 0), np.float32)
    return CachedPrediction(embeddings=embeddings, **{name: getattr(prediction, name) for name in names})


def _crashed(job: _Job, reason: str) -> _Result:
    return _Result(job.clip, {}, crash_result(str(job.clip.file), reason).error)
