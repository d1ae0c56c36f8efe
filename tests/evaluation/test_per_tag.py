"""Figures per tag are those of scikit-learn and SciPy, ties included, and NaN where they cannot say anything."""

import numpy as np
import pytest
import scipy.stats
import sklearn.metrics
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from taggram.errors import EvaluationError
from taggram.evaluation import average_precision, macro, roc_auc, spearman

ORACLES = {roc_auc: sklearn.metrics.roc_auc_score, average_precision: sklearn.metrics.average_precision_score}
shapes = st.tuples(st.integers(1, 25), st.integers(1, 4))


@st.composite
def scores_and_labels(draw):
    """Few different scores, so that there are many ties."""
    shape = draw(shapes)
    scores = draw(arrays.arrays(np.float64, shape, elements=st.sampled_from([0.0, 0.1, 0.25, 0.5, 1.0])))
    return scores, draw(arrays.arrays(bool, shape))


@pytest.mark.parametrize("figure", ORACLES)
@given(scores_and_labels())
def test_as_scikit_learn_says(figure, case):
    scores, labels = case
    found = figure(scores, labels)
    for tag, value in enumerate(found):
        if labels[:, tag].all() or not labels[:, tag].any():
            assert np.isnan(value)
        else:
            assert value == pytest.approx(ORACLES[figure](labels[:, tag], scores[:, tag]))


@given(scores_and_labels(), st.integers(0, 2**32 - 1))
def test_spearman_as_scipy_says(case, seed):
    first = case[0]
    second = np.random.default_rng(seed).choice([0.0, 0.3, 0.7], first.shape)
    found = spearman(first, second)
    for tag, value in enumerate(found):
        if len(set(first[:, tag])) == 1 or len(set(second[:, tag])) == 1:
            assert np.isnan(value)
        else:
            assert value == pytest.approx(scipy.stats.spearmanr(first[:, tag], second[:, tag]).statistic)


@given(scores_and_labels())
def test_only_the_order_counts(case):
    scores, labels = case
    for figure in (roc_auc, average_precision):
        assert np.array_equal(figure(scores, labels), figure(np.exp(3 * scores), labels), equal_nan=True)


@given(scores_and_labels())
def test_roc_auc_turns_round_with_the_scores(case):
    scores, labels = case
    assert (
        np.allclose(roc_auc(scores, labels) + roc_auc(-scores, labels), 1, equal_nan=True)
        or np.isnan(roc_auc(scores, labels)).any()
    )


def test_float32_and_many_clips():
    rng = np.random.default_rng(0)
    scores, labels = rng.random((5000, 7), np.float32), rng.random((5000, 7)) < 0.1
    for figure, oracle in ORACLES.items():
        assert figure(scores, labels) == pytest.approx(oracle(labels, scores, average=None))


def test_macro_counts_the_tags_that_have_a_figure():
    labels = np.array([[True, True, False], [False, True, False]])
    found = macro(roc_auc(np.array([[0.9, 0.5, 0.5], [0.1, 0.5, 0.5]]), labels))
    assert found == (1.0, 1)
    assert np.isnan(macro(np.full(3, np.nan)).mean)


@pytest.mark.parametrize("figure", [roc_auc, average_precision, spearman])
@pytest.mark.parametrize(
    ("scores", "other", "says"),
    [
        (np.zeros((3, 2)), np.zeros((3, 1)), "shape"),
        (np.zeros((0, 2)), np.zeros((0, 2)), "no clips"),
        (np.full((3, 2), np.nan), np.zeros((3, 2)), "NaN"),
    ],
)
def test_what_cannot_be_compared_is_refused(figure, scores, other, says):
    with pytest.raises(EvaluationError, match=says):
        figure(scores, other)
