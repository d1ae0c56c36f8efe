"""ROC-AUC equals scikit-learn's, ties included, and is NaN without positives or negatives."""

import numpy as np
import pytest
from hypothesis import given
from sklearn.metrics import roc_auc_score
from tests.metrics.cases import equals_oracle, few, scores_and_labels

from taggram.metrics import roc_auc


@few
@given(scores_and_labels())
def test_equals_scikit_learn(case):
    assert equals_oracle(roc_auc, roc_auc_score, *case)


@few
@given(scores_and_labels())
def test_depends_on_the_ranking_only(case):
    scores, labels = case
    assert np.array_equal(roc_auc(scores, labels), roc_auc(np.exp(3 * scores), labels), equal_nan=True)


@few
@given(scores_and_labels())
def test_negated_scores_give_the_complement(case):
    scores, labels = case
    values = roc_auc(scores, labels)
    assert np.allclose(roc_auc(-scores, labels), 1 - values, equal_nan=True)


def test_constant_scores_are_a_guess():
    assert roc_auc(np.full((5, 1), 0.3), np.arange(5)[:, None] < 2) == 0.5


def test_float32_and_many_clips():
    rng = np.random.default_rng(0)
    scores, labels = rng.random((5000, 7), np.float32), rng.random((5000, 7)) < 0.1
    assert roc_auc(scores, labels) == pytest.approx(roc_auc_score(labels, scores, average=None))
