"""Embeddings of a student compared with those of its teachers: nearest neighbours and linear probes."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from taggram.errors import MissingExtraError
from taggram.evaluation.comparison import Comparison, ModelScores
from taggram.evaluation.labelled_clips import label_names
from taggram.evaluation.results import NOT_BELOW, ComparisonResult, Resampling, mean_roc_auc
from taggram.metrics import accuracy, neighbour_precision

__all__ = ["compare_embeddings"]

QUESTION = "embedding"
K = 10
STRENGTHS = 10.0 ** np.arange(-5, 2)  # C of the probes, the strongest regularisation first


def compare_embeddings(comparison: Comparison, resampling: Resampling) -> list[ComparisonResult]:
    """Compare neighbours, then probes, each with the teacher that is best on train and valid clips.

    Raises
    ------
    MissingExtraError
        If scikit-learn is not installed.
    """
    return [*_compare_neighbours(comparison, resampling), *_compare_probes(comparison, resampling)]


def _compare_neighbours(comparison: Comparison, resampling: Resampling) -> list[ComparisonResult]:
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


def _compare_probes(comparison: Comparison, resampling: Resampling) -> list[ComparisonResult]:
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
    """Fit a logistic regression on train clips, with the regularisation that is best on valid clips.

    Returns
    -------
    tuple
        Metric on valid clips, and the output for all clips: a score per label, or a class.
    """
    try:
        from sklearn.exceptions import ConvergenceWarning
        from sklearn.linear_model import LogisticRegression
        from sklearn.multiclass import OneVsRestClassifier
        from sklearn.pipeline import make_pipeline
        from sklearn.preprocessing import StandardScaler
    except ModuleNotFoundError:
        raise MissingExtraError("a probe of embeddings", "train") from None

    def outputs_of(strength: float) -> NDArray[Any]:
        outputs: NDArray[Any]
        linear = LogisticRegression(C=strength, max_iter=1000)
        if truth.ndim == 1:
            probe = make_pipeline(StandardScaler(), linear)
            outputs = probe.fit(embeddings[train], truth[train]).predict(embeddings)
        else:
            probe = make_pipeline(StandardScaler(), OneVsRestClassifier(linear))
            outputs = probe.fit(embeddings[train], truth[train]).decision_function(embeddings)
        return outputs

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        outputs = [outputs_of(strength) for strength in STRENGTHS]
    values = [metric(output[valid], truth[valid]) for output in outputs]
    best = int(np.argmax(values))
    return values[best], outputs[best]


def _mean(precisions: NDArray[np.float64]) -> float:
    return float(np.nanmean(precisions))
