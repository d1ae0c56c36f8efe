"""Permutation tests equal SciPy's, exchange whole groups, and keep their level."""

import numpy as np
import pytest
import scipy.stats

from taggram.errors import EvaluationError
from taggram.metrics import (
    accuracy,
    average_precision,
    averages,
    f1,
    permutation_test,
    permutation_test_average,
    roc_auc,
)


def test_equals_scipy():
    first, second = np.random.default_rng(0).normal([[0.6], [0.0]], size=(2, 12))
    result = permutation_test(np.mean, first, second, rng=np.random.default_rng(1), permutations=4000)
    oracle = scipy.stats.permutation_test(
        (first, second),
        lambda a, b: a.mean() - b.mean(),
        permutation_type="samples",
        n_resamples=np.inf,
        vectorized=False,
    )
    assert result.difference == pytest.approx(oracle.statistic)
    assert 0.02 < oracle.pvalue < 0.5
    assert result.p == pytest.approx(oracle.pvalue, abs=0.03)


def test_shared_arrays_are_not_exchanged():
    truth = np.array(["a", "b", "c"] * 8)
    result = permutation_test(accuracy, truth, np.roll(truth, 1), truth, rng=np.random.default_rng(0), permutations=99)
    assert result == (1, 0.01)


def test_clips_of_a_group_are_exchanged_together():
    """Ten clips of one song are one observation: nothing can be concluded."""
    first, second = np.ones(10), np.zeros(10)
    one_song = permutation_test(np.mean, first, second, groups=np.zeros(10), rng=np.random.default_rng(0))
    assert one_song == (1, 1)
    songs = permutation_test(np.mean, first, second, rng=np.random.default_rng(0))
    assert songs.p < 0.01
    labels = np.arange(10)[:, None] < 5
    scores = np.where(labels, 1.0, 0.0)
    song = {"groups": np.zeros(10), "rng": np.random.default_rng(0), "permutations": 99}
    assert permutation_test_average(roc_auc, scores, -scores, labels, **song) == (1, 1)


@pytest.mark.parametrize("average", ["macro", "micro", "weighted"])
@pytest.mark.parametrize("metric", [average_precision, f1])
def test_the_fast_form_equals_the_other(metric, average):
    rng = np.random.default_rng(0)
    labels = rng.random((40, 3)) < 0.4
    first, second = labels + rng.normal(size=labels.shape), labels + 1.5 * rng.normal(size=labels.shape)
    ranks = [scipy.stats.rankdata(scores, axis=None if average == "micro" else 0) for scores in (first, second)]
    inputs = [rank.reshape(40, 3) for rank in ranks] if metric is average_precision else [first > 0.5, second > 0.5]
    groups = np.arange(40) // 2
    slow, fast = (
        test(*arguments, groups=groups, rng=np.random.default_rng(3), permutations=60, **options)
        for test, arguments, options in (
            (permutation_test, (lambda s, t: getattr(averages(metric, s, t), average), *inputs, labels), {}),
            (permutation_test_average, (metric, *inputs, labels), {"average": average}),
        )
    )
    assert fast == pytest.approx(slow)


@pytest.mark.parametrize("average", ["macro", "micro"])
def test_another_scale_is_not_a_difference(average):
    rng = np.random.default_rng(0)
    labels = rng.random((80, 3)) < 0.3
    first, second = labels + rng.normal(size=(2, 80, 3))
    results = [
        permutation_test_average(
            roc_auc, first, scores, labels, rng=np.random.default_rng(1), permutations=99, average=average
        )
        for scores in (second, 1000 * second - 7)
    ]
    assert results[0] == results[1]
    assert 0.01 < results[0].p < 1


def test_a_true_null_hypothesis_is_rejected_as_often_as_stated():
    rng = np.random.default_rng(0)
    labels = rng.random((200, 40, 2)) < 0.4
    p = [
        permutation_test_average(roc_auc, *rng.normal(size=(2, 40, 2)), truth, rng=rng, permutations=99).p
        for truth in labels
    ]
    assert np.mean(np.array(p) <= 0.2) == pytest.approx(0.2, abs=0.09)


def test_refused():
    rng = np.random.default_rng(0)
    one, labels = np.zeros((3, 1)), np.array([[True], [False], [True]])
    with pytest.raises(EvaluationError, match="shapes of first and second differ"):
        permutation_test(np.mean, np.zeros(3), np.zeros(4), rng=rng)
    with pytest.raises(EvaluationError, match="different numbers of clips"):
        permutation_test(np.mean, np.zeros(3), np.zeros(3), groups=np.zeros(2), rng=rng)
    with pytest.raises(EvaluationError, match="different numbers of clips"):
        permutation_test_average(roc_auc, one, one, labels, groups=np.zeros(2), rng=rng)
    with pytest.raises(EvaluationError, match="no clips"):
        permutation_test(np.mean, np.zeros(0), np.zeros(0), rng=rng)
    with pytest.raises(EvaluationError, match="at least one permutation"):
        permutation_test(np.mean, np.zeros(3), np.zeros(3), rng=rng, permutations=0)
    with pytest.raises(EvaluationError, match="no tag has positives and negatives"):
        permutation_test_average(roc_auc, one, one, np.ones((3, 1), bool), rng=rng)
    with pytest.raises(EvaluationError, match="NaN"):
        permutation_test_average(roc_auc, one, one * np.nan, labels, rng=rng)
