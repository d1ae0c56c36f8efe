"""Scores of teachers: computed once per clip, cached, and aligned in time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from taggram.datasets import PackedStore
from taggram.errors import ModelError
from taggram.models import ModelCard
from taggram.models.directories import find_model, installed_models
from taggram.models.published import PUBLISHED
from taggram.parallel import parallel_map
from taggram.tagging import Tagger
from taggram.tagging.cache import PredictionCache, PredictionKey, hash_samples
from taggram.training.distillation.ensemble import ensemble
from taggram.training.recipe.sections import Teacher
from taggram.vocabularies import Vocabulary, VocabularyMap

FILE_NAME = "predictions.sqlite"  # in the folder of the store
FRAME = 0.5  # seconds: the resolution at which segments of different lengths are aligned


@dataclass(frozen=True)
class TeacherScores:
    """Scores and embeddings of one teacher, segment by segment.

    Attributes
    ----------
    scores : (segments, tags) float32
        Probabilities in the teacher's vocabulary, clip by clip.
    times : (segments, 2) float64
        Start and end of each segment in its clip, in seconds.
    counts : (clips,) int64
        Segments of each clip.
    embeddings : (segments, size) float32
        Size 0 for a teacher without `match_similarity`.
    """

    scores: NDArray[np.float32]
    times: NDArray[np.float64]
    counts: NDArray[np.int64]
    embeddings: NDArray[np.float32]

    def on_frames(self, values: NDArray[np.float32], frames: NDArray[np.int64]) -> NDArray[np.float32]:
        """Resample values of the segments to frames of `FRAME` seconds.

        A frame gets the mean of the segments that overlap it, weighted by the overlap; one after the last segment gets
        the values of the last.

        Parameters
        ----------
        values : (segments, size) float32
            The scores or the embeddings.
        frames : (clips,) int64
            Frames of each clip.

        Returns
        -------
        (frames, size) float32
            Clip by clip.
        """
        out = np.empty((int(frames.sum()), values.shape[1]), np.float32)
        stops, offsets = np.cumsum(frames), np.cumsum(self.counts) - self.counts
        for clip, count in enumerate(frames.tolist()):
            rows = slice(offsets[clip], offsets[clip] + self.counts[clip])
            starts, ends = self.times[rows].T
            time = np.arange(count)[:, None] * FRAME
            overlap = np.maximum(np.minimum(ends, time + FRAME) - np.maximum(starts, time), 0.0)
            overlap[overlap.sum(axis=1) == 0, -1] = 1.0
            out[stops[clip] - count : stops[clip]] = overlap / overlap.sum(axis=1, keepdims=True) @ values[rows]
        return out


def teacher_scores(
    store: PackedStore,
    clips: NDArray[np.int64],
    teachers: Sequence[Teacher],
    *,
    workers: int = 1,
    device: str = "cpu",
    report: Callable[[str], None] = print,
) -> list[TeacherScores]:
    """Score clips with each teacher; scores that the store's prediction cache has are not computed again.

    Parameters
    ----------
    store
        The clips. The cache is a file in its folder.
    clips : (clips,) int64
        Positions in the store.
    teachers
        Published models that are not installed are imported.
    workers
        Processes, each of which runs one teacher at a time.
    device
        Device of teachers that are networks: ``"cpu"``, in ONNX Runtime, or a GPU, in torch.
    report
        Called with a line whenever a teacher has scored clips.

    Returns
    -------
    list of TeacherScores
        In the order of the teachers.

    Raises
    ------
    ModelError
        If a teacher is not installed and cannot be imported.
    """
    for teacher in teachers:
        _install(teacher)
    audio = [hash_samples(store.read(i), store.sample_rate) for i in clips.tolist()]
    score = partial(_score, store, clips, audio, device)
    results = []
    for result, computed in parallel_map(score, teachers, workers=workers, on_crash=_raise_crash):
        results.append(result)
        if computed:
            count = f"{len(results)} of {len(teachers)}"
            report(f"{teachers[len(results) - 1].model} has scored {computed} clips ({count})")
    return results


def combine(
    scores: Sequence[TeacherScores],
    teachers: Sequence[Teacher],
    vocabulary: Vocabulary,
    frames: NDArray[np.int64],
) -> NDArray[np.float32]:
    """Combine the scores of all teachers in one vocabulary: their weighted mean in each frame.

    Parameters
    ----------
    scores, teachers
        In the same order.
    vocabulary
        All or some tags of one of taggram's vocabularies.
    frames : (clips,) int64
        Frames of each clip.

    Returns
    -------
    (frames, tags) float32
        Clip by clip; NaN for a tag that no teacher has.
    """
    mapped = []
    for of_teacher, teacher in zip(scores, teachers, strict=True):
        names = VocabularyMap.between(ModelCard.read(find_model(teacher.model)).vocabulary.name, vocabulary.name)
        columns = [names.target.names.index(tag) for tag in vocabulary.names]
        mapped.append(names.scores(of_teacher.on_frames(of_teacher.scores, frames))[:, columns])
    weights = [
        [teacher.weights.get(of_tag, teacher.weight) for of_tag in vocabulary.tags.values()] for teacher in teachers
    ]
    return ensemble(np.stack(mapped), weights).astype(np.float32)


def _install(teacher: Teacher) -> None:
    """Import a published model that is not installed."""
    if teacher.model in PUBLISHED and teacher.model not in installed_models():
        from taggram.models.importing import import_model

        import_model(teacher.model, None if teacher.source is None else Path(teacher.source))


def _score(
    store: PackedStore, clips: NDArray[np.int64], audio: list[str], device: str, teacher: Teacher
) -> tuple[TeacherScores, int]:
    """Score the clips with one teacher, caching each; also return the number of clips that were not in the cache."""
    tagger = Tagger(teacher.model, backend="onnx" if device == "cpu" else "torch", device=device)
    size = tagger.card.embedding_size if teacher.match_similarity else 0
    predictions, computed = [], 0
    with PredictionCache(store.folder / FILE_NAME) as cache:
        for i, content in zip(clips.tolist(), audio, strict=True):
            key = PredictionKey.from_tagger(tagger, content)
            prediction = cache.get(key)
            if prediction is None:
                cache.put(key, tagger.tag(store.read(i), sample_rate=store.sample_rate))
                prediction = cache.get(key)
                assert prediction is not None
                computed += 1
            predictions.append(prediction)
    scores = TeacherScores(
        scores=np.concatenate([prediction.scores for prediction in predictions]),
        times=np.concatenate([prediction.times for prediction in predictions]),
        counts=np.array([len(prediction.scores) for prediction in predictions], np.int64),
        embeddings=np.concatenate([prediction.embeddings[:, :size] for prediction in predictions]),
    )
    return scores, computed


def _raise_crash(teacher: Teacher, reason: str) -> tuple[TeacherScores, int]:
    raise ModelError(f"{teacher.model} did not score the clips, because {reason}: run the same command again")
