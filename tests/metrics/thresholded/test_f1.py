"""F1 equals scikit-learn's, and is NaN without positives or negatives."""

import functools

from hypothesis import given
from sklearn.metrics import f1_score
from tests.metrics.cases import equals_oracle, few, predicted_and_labels

from taggram.metrics import f1


@few
@given(predicted_and_labels())
def test_equals_scikit_learn(case):
    assert equals_oracle(f1, functools.partial(f1_score, zero_division=0), *case)
