"""All comparisons of a student with its teachers."""

from __future__ import annotations

from taggram.datasets import ClipIndex
from taggram.evaluation.teachers.agreement import compare_agreement
from taggram.evaluation.teachers.calibration import compare_calibration
from taggram.evaluation.teachers.embeddings import compare_embeddings
from taggram.evaluation.teachers.genres import compare_genres
from taggram.evaluation.teachers.labels import compare_labels
from taggram.evaluation.teachers.results import ComparisonResult, Resampling
from taggram.evaluation.teachers.teacher_comparison import TeacherComparison
from taggram.vocabularies import VocabularyMap

__all__ = ["compare_with_teachers"]


def compare_with_teachers(
    mer4q: TeacherComparison,
    emotify: TeacherComparison,
    *,
    label_map: VocabularyMap,
    mtat: ClipIndex,
    resampling: Resampling,
) -> list[ComparisonResult]:
    """Compare a student with its teachers and their ensemble on labelled clips.

    Parameters
    ----------
    mer4q, emotify
        Student and teachers on the clips of each data set.
    label_map
        From labels of mer4q to taggram's tags.
    mtat
        Index of MagnaTagATune, whose training recordings do not count for genres.
    resampling
        Of the intervals.

    Returns
    -------
    list of ComparisonResult
        Agreement, human labels, embeddings, genres, calibration.

    Raises
    ------
    MissingExtraError
        If scikit-learn, which fits the probes of embeddings, is not installed.
    """
    return [
        *compare_agreement([mer4q, emotify], resampling),
        *compare_labels(mer4q, label_map, resampling),
        *compare_embeddings(mer4q, resampling),
        *compare_genres(emotify, mtat, resampling),
        *compare_calibration(mer4q, label_map, resampling),
    ]
