"""Whether what the student hears, before it puts tags to it, is as good as what its teachers hear."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.multiclass import OneVsRestClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from benchmarks.quality.clips import names
from benchmarks.quality.comparison import NOT_BELOW, Resampling, Row, mean_auc
from benchmarks.quality.panel import Panel, Voice
from taggram.metrics import accuracy, precision_at_k

QUESTION = "embedding"
K = 10
STRENGTHS = 10.0 ** np.arange(-5, 2)  # C of the probes, the strongest regularisation first


def compare(panel: Panel, resampling: Resampling) -> list[Row]:
    """Compare neighbours, then probes, each with the teacher that is best at it on clips other than those of test."""
    return [*_neighbours(panel, resampling), *_probes(panel, resampling)]


def _neighbours(panel: Panel, resampling: Resampling) -> list[Row]:
    clips = panel.clips
    truth = clips.has(names(clips.genres))

    def precision(voice: Voice, gallery: npt.NDArray[np.bool_]) -> npt.NDArray[np.float64]:
        return precision_at_k(voice.embeddings[gallery], truth[gallery], clips.artists[gallery], K)

    chosen_on = clips.in_splits("train", "valid")
    best = max(panel.teachers, key=lambda teacher: _mean(precision(teacher, chosen_on)))
    rows = []
    for splits in (("train", "valid", "test"), ("valid", "test"), ("test",)):
        gallery = clips.in_splits(*splits)
        rows.append(
            Row(
                QUESTION,
                f"{clips.name} {', '.join(splits)}",
                f"precision at {K} (a genre in common, other artists)",
                tags=truth.shape[1],
                other=f"best teacher: {best.name}",
                target=NOT_BELOW,
                **resampling.paired(_mean, precision(panel.student, gallery), precision(best, gallery)),
            )
        )
    return rows


def _probes(panel: Panel, resampling: Resampling) -> list[Row]:
    clips = panel.clips
    train, valid, test = (clips.in_splits(split) for split in ("train", "valid", "test"))
    genres = clips.has(names(clips.genres))
    genres = genres[:, genres[train].any(axis=0) & genres[test].any(axis=0)]
    rows = []
    for metric, truth, figure, tags in (
        ("genre probe: ROC-AUC, mean over genres", genres, mean_auc, genres.shape[1]),
        ("quadrant probe: accuracy", clips.classes, accuracy, len(np.unique(clips.classes))),
    ):
        found = {
            voice.name: _probe(voice.embeddings, truth, figure, train, valid)
            for voice in (panel.student, *panel.teachers)
        }
        best = max(panel.teachers, key=lambda teacher: found[teacher.name][0])
        student, other = (found[voice.name][1][test] for voice in (panel.student, best))
        rows.append(
            Row(
                QUESTION,
                f"{clips.name} test",
                metric,
                tags=tags,
                other=f"best teacher: {best.name}",
                target=NOT_BELOW,
                **resampling.paired(figure, student, other, truth[test]),
            )
        )
    return rows


def _probe(
    embeddings: npt.NDArray[np.float32],
    truth: npt.NDArray[Any],
    figure: Callable[..., float],
    train: npt.NDArray[np.bool_],
    valid: npt.NDArray[np.bool_],
) -> tuple[float, npt.NDArray[Any]]:
    """Fit a logistic regression on train clips, of the strength that is best on valid clips.

    Returns
    -------
    tuple
        Its figure on valid clips, and what it says of all clips: a score per label, or a class.
    """

    def fitted(strength: float) -> npt.NDArray[Any]:
        linear = LogisticRegression(C=strength, max_iter=1000)
        if truth.ndim == 1:
            return make_pipeline(StandardScaler(), linear).fit(embeddings[train], truth[train]).predict(embeddings)
        probe = make_pipeline(StandardScaler(), OneVsRestClassifier(linear))
        return probe.fit(embeddings[train], truth[train]).decision_function(embeddings)

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        found = [fitted(strength) for strength in STRENGTHS]
    worth = [figure(said[valid], truth[valid]) for said in found]
    best = int(np.argmax(worth))
    return worth[best], found[best]


def _mean(shares: npt.NDArray[np.float64]) -> float:
    return float(np.nanmean(shares))
