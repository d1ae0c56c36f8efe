"""Made-up clips with models that score their labels with more or less noise."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from taggram.datasets import ClipIndex, ClipInfo
from taggram.evaluation.teachers.genres import TEACHER
from taggram.evaluation.teachers.labelled_clips import LabelledClips
from taggram.evaluation.teachers.teacher_comparison import TAGS, ModelScores, TeacherComparison
from taggram.vocabularies import VocabularyMap

GENRES = ("classical", "electronic", "pop", "rock")


@pytest.fixture(scope="session")
def label_map() -> VocabularyMap:
    return VocabularyMap.read(Path(__file__).parents[3] / "recipes" / "default-labels.tsv")


@pytest.fixture
def comparison(label_map: VocabularyMap) -> TeacherComparison:
    """240 clips in three splits; the teacher with the least noise has half of the tags only."""
    rng = np.random.default_rng(0)
    n = 240
    truth = rng.random((n, len(TAGS))) < 0.25
    sources = label_map.inverse().sources
    names = [label for label in label_map.source.names if label.startswith("mer4q/")]
    labels = []
    for row in truth:
        tags = {tag for tag, present in zip(TAGS, row, strict=True) if present}
        labels.append([label for label in names if tags.intersection(sources[label])])
    clips = LabelledClips(
        name="mer4q",
        files=tuple(Path(f"{i}.opus") for i in range(n)),
        artists=np.array([f"artist {i // 2}" for i in range(n)]),
        titles=np.array([f"title {i}" for i in range(n)]),
        splits=np.repeat(["train", "valid", "test"], n // 3),
        classes=np.array(GENRES)[truth[:, [TAGS.index(name) for name in GENRES]].argmax(axis=1)],
        genres=tuple(frozenset(each[:15]) for each in labels),
        moods=tuple(frozenset(each[15:]) for each in labels),
    )

    def model(name: str, noise: float, columns: object = slice(None)) -> ModelScores:
        scores = np.full(truth.shape, np.nan, np.float32)
        noisy = 1 / (1 + np.exp(-(4 * truth - 2 + noise * rng.normal(size=truth.shape))))
        scores[:, columns] = noisy[:, columns]
        return ModelScores(name, scores, (truth + noise * rng.normal(size=truth.shape)).astype(np.float32))

    half = np.flatnonzero(np.arange(len(TAGS)) % 2)
    teachers = (model("half", 1, half), model("good", 2), model(TEACHER, 4))
    return TeacherComparison(clips, model("student", 2), teachers, (1, 1, 1))


@pytest.fixture
def mtat() -> ClipIndex:
    """Index of another data set; one clip of `comparison` is in its training split, one in its validation split."""
    clips = (
        ClipInfo("1", "1.mp3", "train", artist="artist_0", title="title_0"),
        ClipInfo("2", "2.mp3", "valid", artist="artist_1", title="title_2"),
    )
    return ClipIndex(Path(), clips)
