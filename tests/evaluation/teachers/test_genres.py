"""Genres: recordings in the training split do not count, and a missing tag is never chosen."""

from __future__ import annotations

import numpy as np

from taggram.datasets import ClipIndex
from taggram.evaluation.teachers.genres import compare_genres
from taggram.evaluation.teachers.results import Resampling
from taggram.evaluation.teachers.teacher_comparison import TAGS, ModelScores, TeacherComparison


def test_recordings_in_the_training_split_do_not_count(comparison: TeacherComparison, mtat: ClipIndex) -> None:
    results = compare_genres(comparison, mtat, Resampling(20))
    assert [result.clips for result in results] == [80, 80, 239, 239]
    assert "without 1 of 240" in results[2].data


def test_a_tag_that_a_model_does_not_have_is_never_chosen(comparison: TeacherComparison, mtat: ClipIndex) -> None:
    scores = comparison.student.scores.copy()
    scores[:, TAGS.index("classical")] = np.nan
    student = ModelScores("student", scores, comparison.student.embeddings)
    changed = TeacherComparison(comparison.clips, student, comparison.teachers, comparison.weights)
    before, after = (compare_genres(each, mtat, Resampling(20))[0].student.value for each in (comparison, changed))
    assert 0.25 < after < before
