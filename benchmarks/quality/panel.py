"""Student, teachers and ensemble, asked about the same clips and heard in taggram's words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import numpy.typing as npt

from benchmarks.quality.answers import answers
from benchmarks.quality.clips import Clips
from taggram.training.distillation.ensemble import ensemble
from taggram.vocabularies import Vocabulary, VocabularyMap

TAGS = Vocabulary.of("taggram").names


@dataclass(frozen=True, eq=False)
class Voice:
    """What a model says of each clip.

    Attributes
    ----------
    name
        Of the model.
    scores
        Probabilities of taggram's tags, shape (clips, tags); NaN where the model does not know the tag.
    embeddings
        Shape (clips, size).
    """

    name: str
    scores: npt.NDArray[np.float32]
    embeddings: npt.NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Panel:
    """All models on the clips of a data set.

    Attributes
    ----------
    clips
        What they were asked about.
    student
        The model in question.
    teachers
        Those it is compared with.
    weights
        Of each teacher in the ensemble.
    """

    clips: Clips
    student: Voice
    teachers: tuple[Voice, ...]
    weights: tuple[float, ...]

    @cached_property
    def ensemble(self) -> npt.NDArray[np.float32]:
        """The teachers as one, shape (clips, tags); NaN for a tag that none knows."""
        return ensemble(np.stack([teacher.scores for teacher in self.teachers]), self.weights)


def gather(student: str, teachers: Mapping[str, float], clips: Clips, cache: Path, workers: int) -> Panel:
    """Ask a student and its teachers, given with their weights, about clips."""

    def ask(model: str) -> Voice:
        said = answers(model, clips, cache, workers)
        words = VocabularyMap.between(said.card.vocabulary.name, "taggram")
        return Voice(said.card.name, words.scores(said.scores), said.embeddings)

    return Panel(clips, ask(student), tuple(map(ask, teachers)), tuple(teachers.values()))


def known(*scores: npt.NDArray[np.float32]) -> npt.NDArray[np.bool_]:
    """Return which columns all of some arrays of scores have."""
    return np.all([~np.isnan(each).any(axis=0) for each in scores], axis=0)
