"""PR-AUC equals the trapezoids of scikit-learn's curve, and is not average precision."""

import numpy as np
from hypothesis import given
from sklearn.metrics import auc, precision_recall_curve
from tests.metrics.cases import equals_oracle, few, scores_and_labels

from taggram.metrics import average_precision, pr_auc


def trapezoids(labels, scores):
    precision, recall, _ = precision_recall_curve(labels, scores)
    return auc(recall, precision)


@few
@given(scores_and_labels())
def test_equals_scikit_learn(case):
    assert equals_oracle(pr_auc, trapezoids, *case)


def test_constant_scores_show_the_difference_from_average_precision():
    """A line from recall 0 and precision 1 to recall 1 and precision 0.4."""
    scores, labels = np.full((5, 1), 0.3), np.arange(5)[:, None] < 2
    assert pr_auc(scores, labels) == 0.7
    assert average_precision(scores, labels) == 0.4
