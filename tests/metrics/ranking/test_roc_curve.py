"""ROC curves equal scikit-learn's, for one tag and for all together, and contain the area."""

import numpy as np
import pytest
import sklearn.metrics
from hypothesis import given
from tests.metrics.cases import few, is_defined, scores_and_labels

from taggram.errors import EvaluationError
from taggram.metrics import averages, roc_auc, roc_curve


@few
@given(scores_and_labels())
def test_equals_scikit_learn(case):
    scores, labels = case
    for tag in range(scores.shape[1]):
        if is_defined(labels[:, tag]):
            curve = roc_curve(scores[:, tag], labels[:, tag])
            oracle = sklearn.metrics.roc_curve(labels[:, tag], scores[:, tag], drop_intermediate=False)
            for ours, theirs in zip(curve, oracle, strict=True):
                np.testing.assert_allclose(ours, theirs)


@few
@given(scores_and_labels())
def test_the_curve_of_all_tags_has_the_micro_average_as_area(case):
    scores, labels = case
    if is_defined(labels):
        curve = roc_curve(scores, labels)
        area = np.trapezoid(curve.true_positive_rate, curve.false_positive_rate)
        assert area == pytest.approx(averages(roc_auc, scores, labels).micro)


def test_rates_without_positives_are_nan():
    curve = roc_curve(np.array([0.1, 0.2]), np.array([False, False]))
    assert np.isnan(curve.true_positive_rate).all()
    assert curve.false_positive_rate.tolist() == [0, 0.5, 1]


def test_small_integers_do_not_wrap():
    curve = roc_curve(np.array([255, 0], np.uint8), np.array([True, False]))
    assert curve.thresholds.tolist() == [np.inf, 255, 0]
    assert curve.true_positive_rate.tolist() == [0, 1, 1]


@pytest.mark.parametrize("scores", [np.zeros(0), np.array([np.nan])])
def test_refused(scores):
    with pytest.raises(EvaluationError):
        roc_curve(scores, np.ones(len(scores), bool))
