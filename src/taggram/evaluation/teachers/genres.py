"""Accuracy for four genres, on recordings that are not in MagnaTagATune's training split."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from taggram.datasets import ClipIndex
from taggram.evaluation.teachers.results import NOT_BELOW, ComparisonResult, Resampling
from taggram.evaluation.teachers.teacher_comparison import TAGS, TeacherComparison
from taggram.evaluation.train_overlap import train_overlap
from taggram.metrics import accuracy

__all__ = ["TEACHER", "compare_genres"]

QUESTION = "which of four genres"
TEACHER = "musicnn_pons.mtat-pons2019"


def compare_genres(comparison: TeacherComparison, mtat: ClipIndex, resampling: Resampling) -> list[ComparisonResult]:
    """Compare the accuracy of the highest of four genre tags with that of the published MusicNN and of the ensemble.

    A tag that a model does not have is never its highest.

    Parameters
    ----------
    comparison
        On Emotify.
    mtat
        Index of MagnaTagATune, which shares recordings with Emotify.
    resampling
        Of the intervals.
    """
    clips = comparison.clips
    genres = np.unique(clips.classes)
    columns = [TAGS.index(genre) for genre in genres]
    overlap = train_overlap(clips.artists, clips.titles, mtat)
    teacher = next(teacher for teacher in comparison.teachers if teacher.name == TEACHER)
    results = []
    for chosen, name in ((clips.in_splits("test"), f"{clips.name} test"), (np.ones(len(clips), bool), clips.name)):
        unseen = chosen & ~overlap

        def predicted(scores: NDArray[np.float32], unseen: NDArray[np.bool_] = unseen) -> NDArray[np.str_]:
            classes: NDArray[np.str_] = genres[np.nanargmax(scores[unseen][:, columns], axis=1)]
            return classes

        for reference, scores in ((TEACHER, teacher.scores), ("ensemble", comparison.ensemble)):
            student = predicted(comparison.student.scores)
            results.append(
                ComparisonResult(
                    QUESTION,
                    f"{name}, without {(chosen & overlap).sum()} of {chosen.sum()} in MagnaTagATune's training split",
                    "accuracy",
                    tags=len(genres),
                    reference=reference,
                    target=NOT_BELOW if reference == TEACHER else None,
                    **resampling.paired(accuracy, student, predicted(scores), clips.classes[unseen]),
                )
            )
    return results
