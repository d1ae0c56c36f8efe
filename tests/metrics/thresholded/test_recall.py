"""Recall equals scikit-learn's, and is NaN without positives or negatives."""

import functools

from hypothesis import given
from sklearn.metrics import recall_score
from tests.metrics.cases import equals_oracle, few, predicted_and_labels

from taggram.metrics import recall


@few
@given(predicted_and_labels())
def test_equals_scikit_learn(case):
    assert equals_oracle(recall, functools.partial(recall_score, zero_division=0), *case)
