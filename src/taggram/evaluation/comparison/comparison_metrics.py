"""Metrics that models are compared by, per tag and as a mean over tags, also in resamples."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from taggram.errors import EvaluationError, did_you_mean
from taggram.evaluation.evaluation_result import LabelledScores
from taggram.metrics import TagMetric, average_precision, f1, mcc, pr_auc, precision, recall, roc_auc

__all__ = ["METRICS", "ComparisonMetric", "find_metrics", "fit_f1_thresholds", "mean_over_tags", "predict_classes"]


@dataclass(frozen=True)
class ComparisonMetric:
    """A metric of a model.

    Attributes
    ----------
    name, title
        For programs, and for tables.
    per_tag
        The value of each tag.
    takes
        What it is computed from: ``"scores"``; ``"tags"``, which reach the threshold with the best F1 on the validation
        clips; or the ``"classes"`` with the highest score.
    average
        Mean over tags: ``"macro"``, or ``"weighted"`` by their numbers of positives.
    """

    name: str
    title: str
    per_tag: TagMetric
    takes: Literal["scores", "tags", "classes"] = "scores"
    average: Literal["macro", "weighted"] = "macro"


METRICS = {
    metric.name: metric
    for metric in (
        ComparisonMetric("roc_auc", "ROC-AUC", roc_auc),
        ComparisonMetric("average_precision", "AP", average_precision),
        ComparisonMetric("pr_auc", "PR-AUC", pr_auc),
        ComparisonMetric("mcc", "MCC", mcc, "tags"),
        ComparisonMetric("f1", "F1", f1, "tags"),
        ComparisonMetric("precision", "precision", precision, "tags"),
        ComparisonMetric("recall", "recall", recall, "tags"),
        # Of one class per clip: the recall of a class is its accuracy, and the weighted mean that of all clips.
        ComparisonMetric("accuracy", "accuracy", recall, "classes", "weighted"),
        ComparisonMetric("balanced_accuracy", "balanced accuracy", recall, "classes"),
    )
}


def find_metrics(names: Iterable[str]) -> tuple[ComparisonMetric, ...]:
    """Return metrics by name, each once.

    Raises
    ------
    EvaluationError
        If there is no metric of a name, or if there are no names.

    Examples
    --------
    >>> [metric.title for metric in find_metrics(["mcc", "roc_auc"])]
    ['MCC', 'ROC-AUC']
    """
    names = dict.fromkeys(names)
    for name in names:
        if name not in METRICS:
            near = did_you_mean(name, METRICS) or f"; there are: {', '.join(METRICS)}"
            raise EvaluationError(f"models are not compared by a metric named {name!r}{near}")
    if not names:
        raise EvaluationError(f"name at least one metric of {', '.join(METRICS)}")
    return tuple(METRICS[name] for name in names)


def fit_f1_thresholds(valid: LabelledScores) -> NDArray[np.float64]:
    """Return the score of each tag from which on it has the highest F1 on validation clips.

    Parameters
    ----------
    valid
        Scores of the validation clips.

    Returns
    -------
    (tags,) float64
        NaN for a tag without a score or without a positive.
    """
    thresholds = np.full(len(valid.tags), np.nan)
    for tag in np.flatnonzero(valid.scored & valid.truth.any(axis=0)).tolist():
        scores = valid.scores[:, tag].astype(np.float64)
        order = np.argsort(-scores, kind="stable")
        ordered, hits = scores[order], np.cumsum(valid.truth[order, tag])
        value = 2 * hits / (np.arange(1, len(hits) + 1) + hits[-1])
        ends = np.append(ordered[1:] != ordered[:-1], True)  # equal scores are on the same side of a threshold
        last = int(np.argmax(np.where(ends, value, -1)))
        below = ordered[last + 1] if last + 1 < len(ordered) else ordered[last]
        thresholds[tag] = (ordered[last] + below) / 2
    return thresholds


def predict_classes(scores: NDArray[np.floating[Any]]) -> NDArray[np.bool_]:
    """Mark the tag with the highest score of each clip, the first of equal ones; both arrays are (clips, tags)."""
    classes: NDArray[np.bool_] = np.arange(scores.shape[1]) == scores.argmax(axis=1)[:, None]
    return classes


def mean_over_tags(
    metric: ComparisonMetric, values: NDArray[np.float64], truth: NDArray[np.bool_], counts: NDArray[np.int32]
) -> NDArray[np.float64]:
    """Average the values (resamples, tags) of a metric over the tags that have one; NaN where none has.

    Parameters
    ----------
    metric
        Decides on the weights.
    values
        Of each resample and tag.
    truth : (clips, tags) bool
        Which clips have which tag.
    counts : (resamples, clips)
        How often each resample draws each clip.
    """
    weights = counts.astype(float) @ truth.astype(float) if metric.average == "weighted" else np.ones_like(values)
    weights = np.where(np.isnan(values), 0, weights)
    with np.errstate(invalid="ignore"):
        mean: NDArray[np.float64] = (np.nan_to_num(values) * weights).sum(axis=1) / weights.sum(axis=1)
    return mean
