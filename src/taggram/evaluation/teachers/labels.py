"""Scores of a student against human labels, compared with its teachers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from taggram.evaluation.summary import mean_roc_auc
from taggram.evaluation.teachers.results import NOT_BELOW, ComparisonResult, Resampling, Target, within
from taggram.evaluation.teachers.teacher_comparison import ModelScores, TeacherComparison, scored_by_all
from taggram.vocabularies import VocabularyMap

__all__ = ["POSITIVES", "LabelScores", "best_teacher", "compare_labels"]

QUESTION = "labels of people"
METRIC = "ROC-AUC, mean over labels"
POSITIVES = 4  # with fewer, many resamples have none


@dataclass(frozen=True, eq=False)
class LabelScores:
    """Clips of some splits: labels and the scores of all models for them.

    Attributes
    ----------
    names
        Labels that the student has a tag for and that have positives and negatives in these splits.
    truth : (clips, labels) bool
        Which clips have which label.
    student, ensemble : (clips, labels) float32
        Scores, 0 to 1; NaN for a label that the ensemble has no tag for.
    teachers
        Scores of each teacher by name, likewise.
    """

    names: tuple[str, ...]
    truth: NDArray[np.bool_]
    student: NDArray[np.float32]
    teachers: dict[str, NDArray[np.float32]]
    ensemble: NDArray[np.float32]

    @property
    def frequent(self) -> NDArray[np.bool_]:
        """Which labels have enough positives for a value that does not depend on one or two clips, shape (labels,)."""
        frequent: NDArray[np.bool_] = self.truth.sum(axis=0) >= POSITIVES
        return frequent

    @classmethod
    def from_comparison(cls, comparison: TeacherComparison, label_map: VocabularyMap, *splits: str) -> LabelScores:
        """Score labels: the score of a label is the highest of its tags.

        Parameters
        ----------
        comparison
            Scores of tags.
        label_map
            From labels to tags.
        splits
            Which clips.
        """
        labels = label_map.inverse()
        clips = comparison.clips.in_splits(*splits)
        truth = comparison.clips.label_matrix(labels.target.names)[clips]
        student = labels.scores(comparison.student.scores)[clips]
        usable = scored_by_all(student) & truth.any(axis=0) & ~truth.all(axis=0)

        def of_labels(scores: NDArray[np.float32]) -> NDArray[np.float32]:
            return labels.scores(scores)[clips][:, usable]

        return cls(
            tuple(np.array(labels.target.names)[usable].tolist()),
            truth[:, usable],
            student[:, usable],
            {teacher.name: of_labels(teacher.scores) for teacher in comparison.teachers},
            of_labels(comparison.ensemble),
        )


def best_teacher(comparison: TeacherComparison, label_map: VocabularyMap) -> ModelScores:
    """Choose the teacher with the highest mean ROC-AUC on train and valid clips; test clips take no part.

    All labels count for all teachers: one that a teacher has no tag for counts 0.5, as a constant score does.
    """
    scores = LabelScores.from_comparison(comparison, label_map, "train", "valid")

    def roc_auc_of(teacher: ModelScores) -> float:
        return mean_roc_auc(np.nan_to_num(scores.teachers[teacher.name], nan=0.5), scores.truth)

    return max(comparison.teachers, key=roc_auc_of)


def compare_labels(
    comparison: TeacherComparison, label_map: VocabularyMap, resampling: Resampling
) -> list[ComparisonResult]:
    """Compare on the test clips: with the best teacher, with the ensemble, then with each other teacher."""
    test = LabelScores.from_comparison(comparison, label_map, "test")
    best = best_teacher(comparison, label_map).name
    results = []

    def add(
        reference: str,
        scores: NDArray[np.float32],
        labels: NDArray[np.bool_],
        data: str,
        target: Target | None = None,
    ) -> None:
        if labels.any():
            fields = resampling.paired(mean_roc_auc, test.student[:, labels], scores[:, labels], test.truth[:, labels])
            results.append(
                ComparisonResult(
                    QUESTION, data, METRIC, tags=int(labels.sum()), reference=reference, target=target, **fields
                )
            )

    name = f"{comparison.clips.name} test"
    frequent = f"with {POSITIVES} clips or more"
    best_title, best_scores = f"best teacher: {best}", test.teachers[best]
    by_best, by_ensemble = scored_by_all(best_scores), scored_by_all(test.ensemble)
    add(best_title, best_scores, by_best, f"{name}, labels it has", NOT_BELOW)
    add("ensemble", test.ensemble, by_ensemble, name, within(0.01))
    add(best_title, best_scores, by_best & test.frequent, f"{name}, labels it has {frequent}")
    add("ensemble", test.ensemble, by_ensemble & test.frequent, f"{name}, labels {frequent}")
    add(best_title, best_scores, scored_by_all(*test.teachers.values()), f"{name}, labels all have")
    for teacher, scores in test.teachers.items():
        if teacher != best:
            add(teacher, scores, scored_by_all(scores), f"{name}, labels it has")
    return results
