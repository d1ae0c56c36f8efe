"""Confusion matrices equal scikit-learn's and keep the order of the classes."""

import numpy as np
import pytest
import sklearn.metrics
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from tests.metrics.cases import few

from taggram.errors import EvaluationError
from taggram.metrics import confusion_matrix

names = arrays.arrays("<U4", 12, elements=st.sampled_from(["rock", "pop", "jazz", "folk"]))


@few
@given(names, names, st.permutations(["rock", "pop", "jazz", "folk", "none"]))
def test_equals_scikit_learn(predicted, truth, order):
    matrix = confusion_matrix(predicted, truth, np.array(order))
    assert matrix.tolist() == sklearn.metrics.confusion_matrix(truth, predicted, labels=order).tolist()
    assert matrix.sum() == 12


def test_classes_that_are_missing_or_twice():
    one = np.array(["rock"])
    with pytest.raises(EvaluationError, match="lack: jazz, pop"):
        confusion_matrix(np.array(["pop"]), np.array(["jazz"]), one)
    with pytest.raises(EvaluationError, match="twice"):
        confusion_matrix(one, one, np.array(["rock", "rock"]))
