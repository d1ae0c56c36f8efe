"""Numbers of hits and false alarms at each distinct score, of which curves are made."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from taggram.metrics._checks import require_binary, require_comparable, require_finite


class Points(NamedTuple):
    """Positives and negatives with at least each score; the first point is above all scores.

    Attributes
    ----------
    thresholds : (points,) float64
        Infinity, then the distinct scores from the highest.
    true_positives, false_positives : (points,) int64
        From 0 to the number of positives and of negatives.
    """

    thresholds: NDArray[np.float64]
    true_positives: NDArray[np.int64]
    false_positives: NDArray[np.int64]


def curve_points(scores: NDArray[Any], labels: NDArray[Any]) -> Points:
    """Count positives and negatives from the highest score to the lowest; all values are pooled.

    Raises
    ------
    EvaluationError
        If the shapes differ, if there are no clips, if a score is not finite, or if a label is neither true nor false.
    """
    require_comparable(scores, labels, "scores and labels")
    require_finite(scores)
    require_binary(labels)
    order = np.argsort(scores, axis=None)[::-1]
    ordered, hits = scores.ravel()[order], labels.astype(bool).ravel()[order]
    ends = np.append(np.flatnonzero(ordered[1:] != ordered[:-1]), len(ordered) - 1)
    true_positives = np.append(0, hits.cumsum()[ends])
    thresholds = np.append(np.inf, ordered[ends].astype(float))
    return Points(thresholds, true_positives, np.append(0, ends + 1) - true_positives)
