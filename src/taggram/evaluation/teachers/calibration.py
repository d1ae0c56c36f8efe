"""Calibration of a student's scores compared with that of its best teacher and of the ensemble."""

from __future__ import annotations

from taggram.evaluation.teachers.labels import POSITIVES, LabelScores, best_teacher
from taggram.evaluation.teachers.results import ComparisonResult, Resampling
from taggram.evaluation.teachers.teacher_comparison import TeacherComparison, scored_by_all
from taggram.metrics import expected_calibration_error
from taggram.vocabularies import VocabularyMap

__all__ = ["compare_calibration"]

QUESTION = "calibration (0 is best)"


def compare_calibration(
    comparison: TeacherComparison, label_map: VocabularyMap, resampling: Resampling
) -> list[ComparisonResult]:
    """Compare the expected calibration errors on the test clips, over labels with enough positives."""
    test = LabelScores.from_comparison(comparison, label_map, "test")
    best = best_teacher(comparison, label_map).name
    results = []
    for reference, scores in ((f"best teacher: {best}", test.teachers[best]), ("ensemble", test.ensemble)):
        labels = test.frequent & scored_by_all(scores)
        arrays = (array[:, labels] for array in (test.student, scores, test.truth))
        results.append(
            ComparisonResult(
                QUESTION,
                f"{comparison.clips.name} test, labels that both have with {POSITIVES} clips or more",
                "expected calibration error",
                tags=int(labels.sum()),
                reference=reference,
                **resampling.paired(expected_calibration_error, *arrays),
            )
        )
    return results
