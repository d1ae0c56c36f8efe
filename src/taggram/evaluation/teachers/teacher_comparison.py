"""Scores of a student, its teachers and their ensemble for the same clips, in taggram's vocabulary."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from taggram._progress import ProgressHook, no_progress
from taggram.evaluation.predictions import predict_clips
from taggram.evaluation.teachers.labelled_clips import LabelledClips
from taggram.tagging import Tagger
from taggram.tagging.cache import PredictionCache
from taggram.training.distillation.ensemble import ensemble
from taggram.vocabularies import Vocabulary, VocabularyMap

__all__ = ["TAGS", "ModelScores", "TeacherComparison", "scored_by_all"]

TAGS = Vocabulary.from_names("taggram").names


@dataclass(frozen=True, eq=False)
class ModelScores:
    """Scores and embeddings of a model for the clips of a data set.

    Attributes
    ----------
    name
        Of the model.
    scores : (clips, tags) float32
        Probabilities of taggram's tags, 0 to 1; NaN for a tag that the model does not have.
    embeddings : (clips, size) float32
        The layer before the last.
    """

    name: str
    scores: NDArray[np.float32]
    embeddings: NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class TeacherComparison:
    """A student and its teachers on the clips of a data set.

    Attributes
    ----------
    clips
        Which all models tagged.
    student
        The model that is evaluated.
    teachers
        The models that it is compared with.
    weights
        Of each teacher in the ensemble.
    """

    clips: LabelledClips
    student: ModelScores
    teachers: tuple[ModelScores, ...]
    weights: tuple[float, ...]

    @cached_property
    def ensemble(self) -> NDArray[np.float32]:
        """Weighted mean of the teachers, shape (clips, tags); NaN for a tag that none has."""
        mean: NDArray[np.float32] = ensemble(np.stack([teacher.scores for teacher in self.teachers]), self.weights)
        return mean

    @classmethod
    def from_models(
        cls,
        student: str,
        teachers: Mapping[str, float],
        clips: LabelledClips,
        cache: PredictionCache,
        *,
        workers: int = 1,
        progress: ProgressHook = no_progress,
    ) -> TeacherComparison:
        """Tag clips with a student and its teachers.

        Parameters
        ----------
        student
            Name or folder of a model.
        teachers
            Weight in the ensemble by name or folder.
        clips
            To tag.
        cache, workers, progress
            As for `predict_clips`.

        Raises
        ------
        TaggramError
            If a model is not installed, or if a clip cannot be tagged.
        """

        def scores(model: str) -> ModelScores:
            tagger = Tagger(model)
            predictions = predict_clips(tagger, clips.files, cache, workers=workers, progress=progress)
            for error in predictions.errors.values():
                raise error
            tags = VocabularyMap.between(tagger.card.vocabulary.name, "taggram")
            return ModelScores(tagger.card.name, tags.scores(predictions.scores), predictions.embeddings)

        return cls(clips, scores(student), tuple(map(scores, teachers)), tuple(teachers.values()))


def scored_by_all(*scores: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Return which columns have no NaN in any of some arrays of scores."""
    columns: NDArray[np.bool_] = np.all([~np.isnan(each).any(axis=0) for each in scores], axis=0)
    return columns
