"""Paired permutation tests of the difference between two models."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from taggram.errors import EvaluationError
from taggram.metrics._checks import require_comparable, require_scored_tags
from taggram.metrics.averages import Average, TagMetric, resample_average
from taggram.metrics.ranking._ranks import ranks
from taggram.metrics.significance.bootstrap import index_groups, require_same_clips

__all__ = ["PermutationTest", "permutation_test", "permutation_test_average"]


class PermutationTest(NamedTuple):
    """Result of a permutation test.

    Attributes
    ----------
    difference
        Statistic of the first model minus that of the second.
    p
        Share of permutations whose difference is at least as large in absolute value, with the data themselves counted
        as one. It is never below 1 / (permutations + 1).
    """

    difference: float
    p: float


def permutation_test(
    statistic: Callable[..., float],
    first: NDArray[Any],
    second: NDArray[Any],
    *shared: NDArray[Any],
    groups: NDArray[Any] | None = None,
    rng: np.random.Generator,
    permutations: int = 1000,
) -> PermutationTest:
    """Test whether two models differ in any statistic, by exchanging their outputs in random groups of clips.

    The test is two-sided. The null hypothesis is that the outputs of both models for a group can be exchanged.

    Parameters
    ----------
    statistic
        Takes `first` or `second`, then the shared arrays, and returns a number.
    first, second : (clips, ...)
        Outputs of two models on the same scale, such as predicted classes or a value per clip.
    shared : (clips, ...)
        Such as the true classes.
    groups : (clips,)
        Song or artist of each clip; the clips of a group are exchanged together. None only if no two clips are of the
        same song.
    rng
        Source of the permutations.
    permutations
        Number of permutations.

    Returns
    -------
    PermutationTest
        Difference and p-value.

    Raises
    ------
    EvaluationError
        If the arrays have different shapes or no clips, or if the statistic is NaN.

    References
    ----------
    B. Phipson, G. K. Smyth: Permutation p-values should never be zero. Statistical Applications in Genetics and
    Molecular Biology 9, 2010.

    Examples
    --------
    >>> first, second = np.array([0.9, 0.8, 0.7, 0.9]), np.array([0.8, 0.7, 0.6, 0.6])
    >>> permutation_test(np.mean, first, second, rng=np.random.default_rng(0))
    PermutationTest(difference=0.15..., p=0.10...)
    """
    require_comparable(first, second, "first and second")
    groups = require_same_clips(first, *shared, groups=groups)

    def difference(first: NDArray[Any], second: NDArray[Any]) -> float:
        return float(statistic(first, *shared)) - float(statistic(second, *shared))

    differences = []
    for mask in _draw_masks(groups, rng, permutations):
        keep = mask.reshape(-1, *[1] * (first.ndim - 1))
        differences.append(difference(np.where(keep, first, second), np.where(keep, second, first)))
    return _test(difference(first, second), np.array(differences))


def permutation_test_average(
    metric: TagMetric,
    first: NDArray[Any],
    second: NDArray[Any],
    labels: NDArray[Any],
    *,
    groups: NDArray[Any] | None = None,
    rng: np.random.Generator,
    permutations: int = 1000,
    average: Average = "macro",
) -> PermutationTest:
    """Test whether two models differ in an average over tags; the fast form of `permutation_test`.

    Scores are replaced by their ranks within each model and tag, for the micro average within each model: ranking
    metrics depend on nothing else, and ranks of two models can be exchanged although their scores have different
    scales.

    Parameters
    ----------
    metric
        As for `averages`.
    first, second : (clips, tags)
        Scores of two models, or the tags that they predict as bool.
    labels : (clips, tags) bool
        Which clips have which tag.
    groups, rng, permutations
        As for `permutation_test`.
    average
        As for `resample_average`.

    Returns
    -------
    PermutationTest
        Difference and p-value.

    Raises
    ------
    EvaluationError
        As for the metric, and if no tag has positives and negatives.

    Examples
    --------
    >>> from taggram.metrics import roc_auc
    >>> rng = np.random.default_rng(0)
    >>> labels = rng.random((60, 3)) < 0.3
    >>> good, poor = labels + rng.normal(size=(60, 3)), 9 * rng.normal(size=(60, 3))
    >>> permutation_test_average(roc_auc, good, poor, labels, rng=rng)
    PermutationTest(difference=0.17..., p=0.0059...)
    """
    for scores in (first, second):
        require_scored_tags(scores, labels)
    groups = require_same_clips(labels, groups=groups)
    stacked = np.concatenate([_exchangeable(scores, average) for scores in (first, second)])
    truth = np.concatenate([labels, labels])
    unchanged = np.ones((1, len(labels)), bool)
    keep = np.concatenate([unchanged, _draw_masks(groups, rng, permutations)])
    counts = np.concatenate([keep, ~keep], axis=1).astype(np.int32)
    of_first, of_second = (resample_average(metric, stacked, truth, rows, average) for rows in (counts, 1 - counts))
    differences = of_first - of_second
    return _test(float(differences[0]), differences[1:])


def _exchangeable(scores: NDArray[Any], average: Average) -> NDArray[Any]:
    if scores.dtype == bool:
        return scores
    return ranks(scores.reshape(-1, 1)).reshape(scores.shape) if average == "micro" else ranks(scores)


def _draw_masks(groups: NDArray[Any], rng: np.random.Generator, permutations: int) -> NDArray[np.bool_]:
    """Draw which clips (permutations, clips) keep their outputs; those of the others are exchanged."""
    if permutations < 1:
        raise EvaluationError(f"a permutation test needs at least one permutation, not {permutations}")
    index = index_groups(groups)
    heads: NDArray[np.bool_] = rng.random((permutations, int(index.max()) + 1)) < 0.5
    return heads[:, index]


def _test(difference: float, differences: NDArray[np.float64]) -> PermutationTest:
    if np.isnan(difference):
        raise EvaluationError("the models have no value to compare: no tag has positives and negatives")
    rounding = 1e-12
    extreme = np.abs(differences[~np.isnan(differences)]) >= abs(difference) - rounding
    return PermutationTest(difference, float((extreme.sum() + 1) / (len(extreme) + 1)))
