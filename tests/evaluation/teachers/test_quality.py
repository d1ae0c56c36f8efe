"""All comparisons together: what they cover, and what a perfect student gets."""

from __future__ import annotations

import pytest

from taggram.datasets import ClipIndex
from taggram.evaluation.teachers.agreement import compare_agreement
from taggram.evaluation.teachers.calibration import compare_calibration
from taggram.evaluation.teachers.labels import compare_labels
from taggram.evaluation.teachers.quality import compare_with_teachers
from taggram.evaluation.teachers.results import Resampling
from taggram.evaluation.teachers.teacher_comparison import ModelScores, TeacherComparison
from taggram.vocabularies import VocabularyMap


def test_every_question_has_results(
    comparison: TeacherComparison, label_map: VocabularyMap, mtat: ClipIndex, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("taggram.training.probing.probe.STRENGTHS", (1e-4, 1e-2))  # few probes, which take the time
    results = compare_with_teachers(comparison, comparison, label_map=label_map, mtat=mtat, resampling=Resampling(20))
    assert [*dict.fromkeys(result.question for result in results)] == [
        "agreement with the ensemble",
        "labels of people",
        "embedding",
        "which of four genres",
        "calibration (0 is best)",
    ]
    for result in results:
        assert result.student.low <= result.student.value <= result.student.high
        assert (result.met is None) == (result.target is None)
        assert (result.difference is None) == (result.reference == "")
        if result.difference is not None:
            assert result.reference_value is not None
            difference = result.student.value - result.reference_value.value
            assert result.difference.value == pytest.approx(difference)


def test_a_student_that_equals_the_ensemble(comparison: TeacherComparison, label_map: VocabularyMap) -> None:
    twin = ModelScores("twin", comparison.ensemble, comparison.student.embeddings)
    same = TeacherComparison(comparison.clips, twin, comparison.teachers, comparison.weights)
    for result in compare_agreement([same], Resampling(20)):
        assert result.student.value == pytest.approx(1) and result.met
    results = [*compare_labels(same, label_map, Resampling(20)), *compare_calibration(same, label_map, Resampling(20))]
    differences = [result.difference for result in results if result.reference == "ensemble"]
    assert differences == [(0, 0, 0)] * 3
