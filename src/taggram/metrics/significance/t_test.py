"""Welch's t-test of two sets of training runs."""

from __future__ import annotations

import warnings
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from taggram.errors import EvaluationError, MissingExtraError
from taggram.metrics._checks import require_finite
from taggram.metrics.significance.interval import Interval

__all__ = ["TTest", "t_test"]


class TTest(NamedTuple):
    """Result of a t-test.

    Attributes
    ----------
    difference
        Mean of the first minus mean of the second, with its 95 % interval.
    p
        Two-sided p-value; NaN if neither of the two varies.
    """

    difference: Interval
    p: float


def t_test(first: NDArray[Any], second: NDArray[Any]) -> TTest:
    """Test whether two ways of training differ, by independent runs with different seeds.

    This is Welch's test: the runs of the two may vary differently, and need not be paired or equal in number. Its
    result holds for this test set; `paired_bootstrap` shows how far a difference depends on the clips.

    Parameters
    ----------
    first, second : (runs,)
        Metric of each run, such as macro ROC-AUC.

    Returns
    -------
    TTest
        Difference, interval and p-value.

    Raises
    ------
    EvaluationError
        If one has fewer than two runs, or if a value is not finite.
    MissingExtraError
        If SciPy is not installed.

    References
    ----------
    B. L. Welch: The generalization of "Student's" problem when several different population variances are involved.
    Biometrika 34, 1947.

    Examples
    --------
    >>> t_test(np.array([0.91, 0.92, 0.93]), np.array([0.90, 0.90, 0.91]))
    TTest(difference=Interval(value=0.0166..., low=-0.0038..., high=0.037...), p=0.0824...)
    """
    try:
        from scipy.stats import ttest_ind
    except ModuleNotFoundError:
        raise MissingExtraError("a t-test", "train") from None
    for runs in (first, second):
        if runs.ndim != 1 or len(runs) < 2:
            raise EvaluationError(f"a t-test needs at least two runs each, (runs,), not {runs.shape}")
        require_finite(runs, "runs")
    first, second = first.astype(float), second.astype(float)
    difference = float(first.mean() - second.mean())
    if not np.ptp(first) and not np.ptp(second):
        return TTest(Interval(difference, difference, difference), float("nan"))
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Precision loss")  # runs of one of the two that do not vary
        test = ttest_ind(first, second, equal_var=False)
    low, high = test.confidence_interval(0.95)
    return TTest(Interval(difference, float(low), float(high)), float(test.pvalue))
