"""Label-ranking average precision equals scikit-learn's, apart from clips without tags."""

import numpy as np
import pytest
from hypothesis import given
from sklearn.metrics import label_ranking_average_precision_score
from tests.metrics.cases import few, scores_and_labels

from taggram.errors import EvaluationError
from taggram.metrics import label_ranking_average_precision


@few
@given(scores_and_labels())
def test_equals_scikit_learn(case):
    scores, labels = case
    for clip, value in enumerate(label_ranking_average_precision(scores, labels)):
        if labels[clip].any():
            oracle = label_ranking_average_precision_score(labels[clip : clip + 1], scores[clip : clip + 1])
            assert value == pytest.approx(oracle)
        else:
            assert np.isnan(value)


def test_unsigned_scores_do_not_wrap():
    assert label_ranking_average_precision(np.array([[0, 255]], np.uint8), np.array([[False, True]])) == 1


def test_refused():
    with pytest.raises(EvaluationError, match="no clips"):
        label_ranking_average_precision(np.zeros((0, 3)), np.zeros((0, 3), bool))
