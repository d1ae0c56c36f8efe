"""Precision at k equals the mean over all orders of tags with equal scores."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import top_k_accuracy_score
from tests.metrics.cases import few, scores_and_labels

from taggram.errors import EvaluationError
from taggram.metrics import precision_at_k


@few
@given(scores_and_labels(), st.data())
def test_equals_the_mean_over_all_orders(case, data):
    scores, labels = case
    k = data.draw(st.integers(1, scores.shape[1]))
    orders = np.array(list(itertools.permutations(range(scores.shape[1]))))
    values = precision_at_k(scores, labels, k)
    for clip in range(len(scores)):
        if labels[clip].any():
            shown = np.take_along_axis(orders, np.argsort(-scores[clip][orders], axis=1, kind="stable"), axis=1)[:, :k]
            assert values[clip] == pytest.approx(labels[clip][shown].mean())
        else:
            assert np.isnan(values[clip])


def test_equals_scikit_learn_for_one_tag_per_clip():
    rng = np.random.default_rng(0)
    scores, classes = rng.random((50, 6)), rng.integers(6, size=50)
    labels = classes[:, None] == np.arange(6)
    oracle = top_k_accuracy_score(classes, scores, k=3, labels=np.arange(6))
    assert precision_at_k(scores, labels, 3).mean() * 3 == pytest.approx(oracle)


def test_ties_at_the_end_count_by_their_share():
    scores = np.array([[5, 3, 3, 3]], np.uint8)
    assert precision_at_k(scores, np.array([[True, True, False, False]]), 2) == pytest.approx((1 + 1 / 3) / 2)
    assert precision_at_k(scores, np.array([[False, True, True, False]]), 3) == pytest.approx((0 + 2 * 2 / 3) / 3)


def test_transposed_arrays_give_the_clips_of_a_tag():
    scores, labels = np.array([[0.9], [0.5], [0.1]]), np.array([[False], [True], [True]])
    assert precision_at_k(scores.T, labels.T, 2) == 0.5


@pytest.mark.parametrize("k", [0, 3])
def test_k_without_tags_is_refused(k):
    with pytest.raises(EvaluationError, match="k must be between 1 and 2"):
        precision_at_k(np.zeros((1, 2)), np.ones((1, 2), bool), k)
