"""Human labels: the choice of the best teacher, and which labels count."""

from __future__ import annotations

import numpy as np

from taggram.evaluation.teachers.labels import LabelScores, best_teacher, compare_labels
from taggram.evaluation.teachers.results import Resampling
from taggram.evaluation.teachers.teacher_comparison import TeacherComparison
from taggram.vocabularies import VocabularyMap


def test_the_best_teacher_has_a_tag_for_most_labels(comparison: TeacherComparison, label_map: VocabularyMap) -> None:
    """The one with the least noise has half of the tags only."""
    assert best_teacher(comparison, label_map).name == "good"
    results = compare_labels(comparison, label_map, Resampling(20))
    half = {result.tags for result in results if result.reference == "half"}
    assert half and max(half) < max(result.tags for result in results)


def test_test_clips_take_no_part_in_the_choice(comparison: TeacherComparison, label_map: VocabularyMap) -> None:
    test = comparison.clips.in_splits("test")
    good = next(teacher for teacher in comparison.teachers if teacher.name == "good")
    good.scores[test] = 1 - good.scores[test]
    assert best_teacher(comparison, label_map).name == "good"


def test_the_score_of_a_label_is_the_highest_of_its_tags(
    comparison: TeacherComparison, label_map: VocabularyMap
) -> None:
    scores = LabelScores.from_comparison(comparison, label_map, "test")
    tags, clips = label_map.inverse(), comparison.clips.in_splits("test")
    for column, name in enumerate(scores.names):
        columns = [tags.source.names.index(tag) for tag in tags.sources[name]]
        expected = comparison.student.scores[clips][:, columns].max(axis=1)
        np.testing.assert_array_equal(scores.student[:, column], expected)
        assert 0 < scores.truth[:, column].sum() < clips.sum()
