"""Average precision equals scikit-learn's, ties included, and is NaN without positives or negatives."""

import numpy as np
import pytest
from hypothesis import given
from sklearn.metrics import average_precision_score
from tests.metrics.cases import equals_oracle, few, scores_and_labels

from taggram.metrics import average_precision


@few
@given(scores_and_labels())
def test_equals_scikit_learn(case):
    assert equals_oracle(average_precision, average_precision_score, *case)


@few
@given(scores_and_labels())
def test_depends_on_the_ranking_only(case):
    scores, labels = case
    values, transformed = average_precision(scores, labels), average_precision(np.exp(3 * scores), labels)
    assert np.array_equal(values, transformed, equal_nan=True)


def test_constant_scores_have_the_share_of_positives():
    assert average_precision(np.full((5, 1), 0.3), np.arange(5)[:, None] < 2) == 0.4


def test_float32_and_many_clips():
    rng = np.random.default_rng(0)
    scores, labels = rng.random((5000, 7), np.float32), rng.random((5000, 7)) < 0.1
    assert average_precision(scores, labels) == pytest.approx(average_precision_score(labels, scores, average=None))
