"""Precision-recall curves equal scikit-learn's, in the opposite order, and contain average precision."""

import numpy as np
import pytest
from hypothesis import given
from sklearn.metrics import precision_recall_curve
from tests.metrics.cases import few, is_defined, scores_and_labels

from taggram.errors import EvaluationError
from taggram.metrics import average_precision, averages, pr_curve


@few
@given(scores_and_labels())
def test_equals_scikit_learn(case):
    scores, labels = case
    for tag in range(scores.shape[1]):
        if is_defined(labels[:, tag]):
            curve = pr_curve(scores[:, tag], labels[:, tag])
            precision, recall, thresholds = precision_recall_curve(labels[:, tag], scores[:, tag])
            np.testing.assert_allclose(curve.precision, precision[::-1])
            np.testing.assert_allclose(curve.recall, recall[::-1])
            np.testing.assert_allclose(curve.thresholds[1:], thresholds[::-1])


@few
@given(scores_and_labels())
def test_the_curve_of_all_tags_has_the_micro_average_as_steps(case):
    scores, labels = case
    if is_defined(labels):
        curve = pr_curve(scores, labels)
        area = (np.diff(curve.recall) * curve.precision[1:]).sum()
        assert area == pytest.approx(averages(average_precision, scores, labels).micro)


def test_recall_without_positives_is_nan():
    curve = pr_curve(np.array([0.1, 0.2]), np.array([False, False]))
    assert np.isnan(curve.recall).all()
    assert curve.precision.tolist() == [1, 0, 0]


def test_refused():
    with pytest.raises(EvaluationError, match="no clips"):
        pr_curve(np.zeros(0), np.zeros(0, bool))
