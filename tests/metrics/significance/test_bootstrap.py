"""Bootstrap intervals have their nominal coverage, are reproducible, and compare two models on the same clips."""

import numpy as np
import pytest
import scipy.stats

from taggram.errors import EvaluationError
from taggram.metrics import bootstrap, draw_counts, macro, paired_bootstrap, roc_auc


def macro_auc(scores, labels):
    return macro(roc_auc(scores, labels)).mean


def test_equals_scipy():
    values = np.random.default_rng(0).exponential(size=200)
    interval = bootstrap(np.mean, values, rng=np.random.default_rng(1), resamples=5000)
    oracle = scipy.stats.bootstrap((values,), np.mean, n_resamples=5000, method="percentile", rng=2).confidence_interval
    assert interval.value == values.mean()
    assert (interval.low, interval.high) == pytest.approx((oracle.low, oracle.high), abs=0.02)


def test_coverage_is_about_95_percent():
    rng = np.random.default_rng(0)
    intervals = [bootstrap(np.mean, rng.normal(size=60), rng=rng, resamples=300) for _ in range(300)]
    assert 0.90 <= np.mean([low <= 0 <= high for _, low, high in intervals]) <= 0.98


def test_the_same_seed_gives_the_same_interval():
    values = np.arange(30.0)
    one, other = (bootstrap(np.median, values, rng=np.random.default_rng(5)) for _ in range(2))
    assert one == other


def test_a_resample_takes_the_same_clips_from_all_arrays():
    values = np.arange(40.0)
    interval = bootstrap(lambda a, b: float(np.abs(a - b).max()), values, values.copy(), rng=np.random.default_rng(0))
    assert interval == (0, 0, 0)


def test_a_paired_interval_is_narrower_than_two_separate_ones():
    rng = np.random.default_rng(0)
    labels = rng.random((150, 5)) < 0.3
    first = labels + rng.normal(size=labels.shape)
    second = first + 0.3 * rng.normal(size=labels.shape)
    difference = paired_bootstrap(macro_auc, first, second, labels, rng=np.random.default_rng(1), resamples=200)
    one, other = (
        bootstrap(macro_auc, each, labels, rng=np.random.default_rng(1), resamples=200) for each in (first, second)
    )
    assert difference.value == pytest.approx(one.value - other.value)
    assert difference.high - difference.low < (one.high - one.low) / 2
    swapped = paired_bootstrap(macro_auc, second, first, labels, rng=np.random.default_rng(1), resamples=200)
    assert swapped == pytest.approx((-difference.value, -difference.high, -difference.low))


def test_resamples_without_a_value_are_left_out():
    labels = np.arange(4)[:, None] == 0
    interval = bootstrap(macro_auc, np.arange(4.0)[::-1, None], labels, rng=np.random.default_rng(0))
    assert interval == (1, 1, 1)


def test_counts_are_those_of_the_groups():
    songs = np.array(["b", "a", "b", "c", "a", "b"])
    counts = draw_counts(songs, rng=np.random.default_rng(0), resamples=500)
    assert counts.shape == (500, 6)
    for song in "abc":
        assert (counts[:, songs == song] == counts[:, [list(songs).index(song)]]).all()
    first = counts[:, [1, 0, 3]]
    assert (first.sum(axis=1) == 3).all()
    assert first.mean(axis=0) == pytest.approx(np.ones(3), abs=0.12)
    assert first.var(axis=0) == pytest.approx(np.full(3, 2 / 3), abs=0.12)  # of a multinomial distribution


def test_clips_of_a_song_are_drawn_together():
    """Copies of clips do not make an interval narrower if their songs are known, and do otherwise."""
    values = np.random.default_rng(0).normal(size=40)
    copies = np.repeat(values, 9)
    single = bootstrap(np.mean, values, rng=np.random.default_rng(1), resamples=300)
    songs = bootstrap(np.mean, copies, groups=np.arange(360) // 9, rng=np.random.default_rng(1), resamples=300)
    segments = bootstrap(np.mean, copies, rng=np.random.default_rng(1), resamples=300)
    assert songs == pytest.approx(single)
    assert segments.high - segments.low < (single.high - single.low) / 2


def test_arrays_of_different_clips_are_refused():
    rng = np.random.default_rng(0)
    with pytest.raises(EvaluationError, match="different numbers of clips"):
        bootstrap(np.mean, np.zeros(3), np.zeros(4), rng=rng)
    with pytest.raises(EvaluationError, match="different numbers of clips"):
        bootstrap(np.mean, np.zeros(3), groups=np.zeros(4), rng=rng)
    with pytest.raises(EvaluationError, match="at least one resample"):
        bootstrap(np.mean, np.zeros(3), rng=rng, resamples=0)
    with pytest.raises(EvaluationError, match=r"groups must have the shape"):
        draw_counts(np.zeros((3, 1)), rng=rng)
    with pytest.raises(EvaluationError, match="no clips"):
        draw_counts(np.zeros(0), rng=rng)
    with pytest.raises(EvaluationError, match="no clips"):
        bootstrap(np.mean, np.zeros(0), rng=rng)
