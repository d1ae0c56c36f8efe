"""Agreement of a student with the ensemble of its teachers, on clips that it was not trained on."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from taggram.evaluation.summary import mean_roc_auc
from taggram.evaluation.teachers.results import ComparisonResult, Resampling, at_least
from taggram.evaluation.teachers.teacher_comparison import TeacherComparison, scored_by_all
from taggram.metrics import macro, spearman

__all__ = ["compare_agreement", "split_scores", "top_decile"]

QUESTION = "agreement with the ensemble"
QUANTILE = 0.9  # of the ensemble's scores of a tag; clips above it count as positives


def compare_agreement(comparisons: Sequence[TeacherComparison], resampling: Resampling) -> list[ComparisonResult]:
    """Compare student and ensemble on the test clips of all data sets together."""
    student, teachers = split_scores(comparisons, "test")
    data = ", ".join(f"{comparison.clips.name} test" for comparison in comparisons)
    tags = student.shape[1]
    return [
        ComparisonResult(
            QUESTION,
            data,
            "Spearman, mean over tags",
            tags=tags,
            target=at_least(0.85),
            **resampling.single(lambda a, b: macro(spearman(a, b)).mean, student, teachers),
        ),
        ComparisonResult(
            QUESTION,
            data,
            "ROC-AUC of the ensemble's top tenth, mean over tags",
            tags=tags,
            target=at_least(0.97),
            **resampling.single(mean_roc_auc, student, top_decile(teachers)),
        ),
    ]


def split_scores(
    comparisons: Sequence[TeacherComparison], split: str
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return scores of student and ensemble for one split of all data sets.

    Returns
    -------
    tuple
        Two arrays of shape (clips, tags), for the tags that both have.
    """
    chosen = [comparison.clips.in_splits(split) for comparison in comparisons]
    pairs = list(zip(comparisons, chosen, strict=True))
    student = np.concatenate([comparison.student.scores[clips] for comparison, clips in pairs])
    teachers = np.concatenate([comparison.ensemble[clips] for comparison, clips in pairs])
    common = scored_by_all(student, teachers)
    return student[:, common], teachers[:, common]


def top_decile(scores: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Return which clips are in the top tenth of each tag, shape (clips, tags)."""
    top: NDArray[np.bool_] = scores > np.quantile(scores, QUANTILE, axis=0)
    return top
