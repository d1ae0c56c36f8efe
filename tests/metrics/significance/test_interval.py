"""Percentile intervals of resampled values."""

import numpy as np
import pytest

from taggram.errors import EvaluationError
from taggram.metrics import draw_counts, paired_bootstrap, percentile_interval, resample_average, roc_auc
from taggram.metrics.averages import macro


def test_2_5_percent_are_outside_on_each_side():
    values = np.random.default_rng(0).permutation(np.arange(1001) / 1000)
    assert percentile_interval(0.4, values) == pytest.approx((0.4, 0.025, 0.975))


def test_values_that_are_nan_are_left_out():
    values = np.array([np.nan, 0.0, 1.0, np.nan])
    assert percentile_interval(0.5, values) == pytest.approx((0.5, 0.025, 0.975))
    assert np.isnan(percentile_interval(0.5, values[:1])[1:]).all()


def test_a_difference_under_the_same_counts_is_paired():
    rng = np.random.default_rng(0)
    labels = rng.random((60, 3)) < 0.4
    first, second = (labels + rng.normal(size=labels.shape) for _ in range(2))
    songs = np.arange(60) // 3
    counts = draw_counts(songs, rng=np.random.default_rng(1), resamples=100)
    resampled = [resample_average(roc_auc, scores, labels, counts) for scores in (first, second)]
    value = macro(roc_auc(first, labels)).mean - macro(roc_auc(second, labels)).mean
    oracle = paired_bootstrap(
        lambda scores, labels: macro(roc_auc(scores, labels)).mean,
        *(first, second, labels),
        groups=songs,
        rng=np.random.default_rng(1),
        resamples=100,
    )
    assert percentile_interval(value, resampled[0] - resampled[1]) == pytest.approx(oracle)


def test_refused():
    with pytest.raises(EvaluationError, match=r"shape \(resamples,\)"):
        percentile_interval(0.5, np.zeros((2, 2)))
