"""Averages over tags equal scikit-learn's, leave out tags of a single class, and have resamples."""

import importlib

import numpy as np
import pytest
from hypothesis import given
from sklearn.metrics import (
    average_precision_score,
    f1_score,
    matthews_corrcoef,
    precision_score,
    recall_score,
    roc_auc_score,
)
from tests.metrics.cases import few, scores_and_labels

from taggram.errors import EvaluationError
from taggram.metrics import (
    average_precision,
    averages,
    draw_counts,
    f1,
    macro,
    mcc,
    precision,
    recall,
    resample_average,
    roc_auc,
)

RNG = np.random.default_rng(0)
SCORES, LABELS = RNG.random((200, 6)).round(2), RNG.random((200, 6)) < [0.02, 0.1, 0.2, 0.4, 0.6, 0.9]
ORACLES = [
    (roc_auc, roc_auc_score, SCORES),
    (average_precision, average_precision_score, SCORES),
    *((metric, oracle, SCORES > 0.6) for metric, oracle in ((precision, precision_score), (recall, recall_score))),
    (f1, f1_score, SCORES > 0.6),
]


@pytest.mark.parametrize(("metric", "oracle", "scores"), ORACLES)
def test_equal_scikit_learn(metric, oracle, scores):
    result = averages(metric, scores, LABELS)
    assert result.per_tag == pytest.approx(oracle(LABELS, scores, average=None))
    assert result.n_pos.tolist() == LABELS.sum(axis=0).tolist()
    assert result.tags == 6
    for average in ("macro", "micro", "weighted"):
        assert getattr(result, average) == pytest.approx(oracle(LABELS, scores, average=average))


def test_micro_mcc_is_that_of_all_values():
    micro = averages(mcc, SCORES > 0.6, LABELS).micro
    assert micro == pytest.approx(matthews_corrcoef(LABELS.ravel(), SCORES.ravel() > 0.6))


@pytest.mark.parametrize("column", [False, True])
def test_a_tag_of_a_single_class_leaves_the_means(column):
    scores, labels = np.hstack([SCORES, SCORES[:, :1]]), np.hstack([LABELS, np.full((200, 1), column)])
    result, without = averages(roc_auc, scores, labels), averages(roc_auc, SCORES, LABELS)
    assert result.tags == 6
    assert result.n_pos[-1] == 200 * column
    assert np.isnan(result.per_tag[-1])
    assert (result.macro, result.weighted) == pytest.approx((without.macro, without.weighted))


@few
@given(scores_and_labels())
def test_macro_is_the_mean_of_what_has_a_value(case):
    result = averages(roc_auc, *case)
    assert result.macro == pytest.approx(np.nanmean([*result.per_tag, np.nan]) if result.tags else np.nan, nan_ok=True)


def test_tags_without_a_value_are_left_out():
    labels = np.array([[True, True, False], [False, True, False]])
    assert macro(roc_auc(np.array([[0.9, 0.5, 0.5], [0.1, 0.5, 0.5]]), labels)) == (1.0, 1)


def test_no_value_at_all():
    empty = macro(np.full(3, np.nan))
    assert np.isnan(empty.mean) and empty.tags == 0
    result = averages(roc_auc, np.zeros((2, 3)), np.zeros((2, 3), bool))
    assert np.isnan([result.macro, result.micro, result.weighted]).all()


@pytest.mark.parametrize("metric", [roc_auc, f1])
@pytest.mark.parametrize("average", ["macro", "micro", "weighted"])
def test_a_resample_has_the_averages_of_its_clips(metric, average, monkeypatch):
    monkeypatch.setattr(
        importlib.import_module("taggram.metrics.averages"), "BLOCK", 3 * SCORES.size
    )  # several blocks of resamples
    scores = SCORES if metric is roc_auc else SCORES > 0.6
    counts = draw_counts(np.arange(200) // 7, rng=np.random.default_rng(0), resamples=8)
    values = resample_average(metric, scores, LABELS, counts, average)
    assert values.shape == (8,)
    for row, value in zip(counts, values, strict=True):
        clips = np.repeat(np.arange(200), row)
        assert value == pytest.approx(getattr(averages(metric, scores[clips], LABELS[clips]), average))


@pytest.mark.parametrize("average", ["macro", "micro", "weighted"])
def test_no_resamples_and_resamples_of_one_class(average):
    scores, labels = np.array([[0.1], [0.2]]), np.array([[True], [False]])
    assert resample_average(roc_auc, scores, labels, np.zeros((0, 2), int), average).shape == (0,)
    assert np.isnan(resample_average(roc_auc, scores, labels, np.array([[2, 0]]), average)).all()


def test_refused():
    none = np.zeros((3, 0))
    with pytest.raises(EvaluationError, match="no tags"):
        averages(roc_auc, none, none.astype(bool))
    with pytest.raises(EvaluationError, match="'macro', 'micro' or 'weighted', not 'samples'"):
        resample_average(roc_auc, SCORES, LABELS, np.ones((1, 200), int), "samples")
    with pytest.raises(EvaluationError, match="no clips"):
        averages(roc_auc, np.zeros((0, 2)), np.zeros((0, 2), bool))
