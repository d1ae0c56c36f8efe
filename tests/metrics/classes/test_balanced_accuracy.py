"""Balanced accuracy equals scikit-learn's, and weighs classes alike."""

import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from sklearn.metrics import balanced_accuracy_score
from tests.metrics.cases import few

from taggram.metrics import accuracy, balanced_accuracy

classes = arrays.arrays(np.int64, 12, elements=st.integers(0, 3))


@few
@given(classes, classes)
def test_equals_scikit_learn(predicted, truth):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a class that is only predicted
        oracle = balanced_accuracy_score(truth, predicted)
    assert balanced_accuracy(predicted, truth) == pytest.approx(oracle)


def test_the_most_frequent_class_alone_is_a_guess():
    truth = np.array(["rock"] * 9 + ["jazz"])
    assert accuracy(np.full(10, "rock"), truth) == 0.9
    assert balanced_accuracy(np.full(10, "rock"), truth) == 0.5
