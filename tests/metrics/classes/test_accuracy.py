"""Accuracy of class names and class numbers."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from sklearn.metrics import accuracy_score
from tests.metrics.cases import few

from taggram.errors import EvaluationError
from taggram.metrics import accuracy, balanced_accuracy, confusion_matrix

classes = arrays.arrays(np.int64, 12, elements=st.integers(0, 3))


def test_share_of_right_classes():
    assert accuracy(np.array(["a", "b", "b"]), np.array(["a", "b", "c"])) == pytest.approx(2 / 3)
    assert accuracy(np.array([1, 2]), np.array([2, 2])) == 0.5


@few
@given(classes, classes)
def test_equals_scikit_learn(predicted, truth):
    assert accuracy(predicted, truth) == accuracy_score(truth, predicted)


@pytest.mark.parametrize(
    "metric", [accuracy, balanced_accuracy, lambda *pair: confusion_matrix(*pair, classes=np.arange(2))]
)
@pytest.mark.parametrize(
    ("predicted", "truth", "message"),
    [
        (np.zeros(2), np.zeros(3), "shapes of predicted and true classes differ"),
        (np.zeros((2, 2)), np.zeros((2, 2)), r"shape \(clips,\)"),
        (np.zeros(0), np.zeros(0), "no clips"),
        (np.array([np.nan]), np.array([1.0]), "NaN"),
        (np.array([1.0]), np.array([np.nan]), "NaN"),
    ],
)
def test_refused(metric, predicted, truth, message):
    with pytest.raises(EvaluationError, match=message):
        metric(predicted, truth)
