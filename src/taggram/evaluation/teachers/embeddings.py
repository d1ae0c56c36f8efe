"""Embeddings of a student compared with those of its teachers: nearest neighbours and linear probes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from taggram.evaluation.summary import mean_roc_auc
from taggram.evaluation.teachers.labelled_clips import label_names
from taggram.evaluation.teachers.results import NOT_BELOW, ComparisonResult, Resampling
from taggram.evaluation.teachers.teacher_comparison import ModelScores, TeacherComparison
from taggram.metrics import accuracy, neighbour_precision
from taggram.training.probing.probe import choose_probe

__all__ = ["compare_embeddings"]

QUESTION = "embedding"
K = 10


def compare_embeddings(comparison: TeacherComparison, resampling: Resampling) -> list[ComparisonResult]:
    """Compare neighbours, then probes, each with the teacher that is best on train and valid clips.

    Raises
    ------
    MissingExtraError
        If scikit-learn is not installed.
    """
    return [*_compare_neighbours(comparison, resampling), *_compare_probes(comparison, resampling)]


def _compare_neighbours(comparison: TeacherComparison, resampling: Resampling) -> list[ComparisonResult]:
    clips = comparison.clips
    genres = clips.label_matrix(label_names(clips.genres))

    def precisions(model: ModelScores, gallery: NDArray[np.bool_]) -> NDArray[np.float64]:
        return neighbour_precision(model.embeddings[gallery], genres[gallery], clips.artists[gallery], K)

    selection = clips.in_splits("train", "valid")
    best = max(comparison.teachers, key=lambda teacher: _mean(precisions(teacher, selection)))
    results = []
    for splits in (("train", "valid", "test"), ("valid", "test"), ("test",)):
        gallery = clips.in_splits(*splits)
        results.append(
            ComparisonResult(
                QUESTION,
                f"{clips.name} {', '.join(splits)}",
                f"precision at {K} (a genre in common, other artists)",
                tags=genres.shape[1],
                reference=f"best teacher: {best.name}",
                target=NOT_BELOW,
                **resampling.paired(_mean, precisions(comparison.student, gallery), precisions(best, gallery)),
            )
        )
    return results


def _compare_probes(comparison: TeacherComparison, resampling: Resampling) -> list[ComparisonResult]:
    clips = comparison.clips
    train, valid, test = (clips.in_splits(split) for split in ("train", "valid", "test"))
    genres = clips.label_matrix(label_names(clips.genres))
    genres = genres[:, genres[train].any(axis=0) & genres[test].any(axis=0)]
    results = []
    for title, truth, metric, tags in (
        ("genre probe: ROC-AUC, mean over genres", genres, mean_roc_auc, genres.shape[1]),
        ("quadrant probe: accuracy", clips.classes, accuracy, len(np.unique(clips.classes))),
    ):
        probes = {
            model.name: _probe(model.embeddings, truth, metric, train, valid)
            for model in (comparison.student, *comparison.teachers)
        }
        best = max(comparison.teachers, key=lambda teacher: probes[teacher.name][0])
        student, reference = (probes[model.name][1][test] for model in (comparison.student, best))
        results.append(
            ComparisonResult(
                QUESTION,
                f"{clips.name} test",
                title,
                tags=tags,
                reference=f"best teacher: {best.name}",
                target=NOT_BELOW,
                **resampling.paired(metric, student, reference, truth[test]),
            )
        )
    return results


def _probe(
    embeddings: NDArray[np.float32],
    truth: NDArray[Any],
    metric: Callable[..., float],
    train: NDArray[np.bool_],
    valid: NDArray[np.bool_],
) -> tuple[float, NDArray[Any]]:
    """Return the metric of a probe on valid clips, and its outputs for all clips."""
    probe = choose_probe((embeddings[train], truth[train]), (embeddings[valid], truth[valid]), metric)
    return probe.value, probe.outputs(embeddings)


def _mean(precisions: NDArray[np.float64]) -> float:
    return float(np.nanmean(precisions))
