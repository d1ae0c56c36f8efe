"""ROC-AUC equals scikit-learn's, ties included, and is NaN without positives or negatives."""

import numpy as np
import pytest
from hypothesis import given
from sklearn.metrics import roc_auc_score
from tests.metrics.cases import scores_and_labels

from taggram.metrics import roc_auc


@given(scores_and_labels())
def test_equals_scikit_learn(case):
    scores, labels = case
    for tag, value in enumerate(roc_auc(scores, labels)):
        if labels[:, tag].all() or not labels[:, tag].any():
            assert np.isnan(value)
        else:
            assert value == pytest.approx(roc_auc_score(labels[:, tag], scores[:, tag]))


@given(scores_and_labels())
def test_depends_on_the_ranking_only(case):
    scores, labels = case
    assert np.array_equal(roc_auc(scores, labels), roc_auc(np.exp(3 * scores), labels), equal_nan=True)


@given(scores_and_labels())
def test_negated_scores_give_the_complement(case):
    scores, labels = case
    values = roc_auc(scores, labels)
    assert np.allclose(roc_auc(-scores, labels), 1 - values, equal_nan=True)


def test_float32_and_many_clips():
    rng = np.random.default_rng(0)
    scores, labels = rng.random((5000, 7), np.float32), rng.random((5000, 7)) < 0.1
    assert roc_auc(scores, labels) == pytest.approx(roc_auc_score(labels, scores, average=None))
