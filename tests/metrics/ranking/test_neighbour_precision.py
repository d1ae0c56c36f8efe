"""Precision among neighbours uses those that scikit-learn finds, without those of the same artist."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.neighbors import NearestNeighbors
from tests.metrics.cases import few

from taggram.errors import EvaluationError
from taggram.metrics import neighbour_precision


@few
@given(st.integers(0, 2**32 - 1))
def test_equals_scikit_learn(seed):
    rng = np.random.default_rng(seed)
    embeddings, labels, groups = rng.normal(size=(30, 5)), rng.random((30, 4)) < 0.4, rng.integers(8, size=30)
    precisions = neighbour_precision(embeddings, labels, groups, 3)
    ranking = NearestNeighbors(n_neighbors=30, metric="cosine").fit(embeddings).kneighbors(embeddings)[1]
    for clip, neighbours in enumerate(ranking):
        nearest = [other for other in neighbours if groups[other] != groups[clip]][:3]
        expected = np.mean([(labels[clip] & labels[other]).any() for other in nearest])
        assert precisions[clip] == pytest.approx(expected if labels[clip].any() else np.nan, nan_ok=True)


def test_clips_of_the_same_artist_are_not_neighbours():
    embeddings = np.array([[1.0, 0], [1, 0.01], [0, 1], [0.01, 1]])
    labels = np.array([[True, False], [True, False], [False, True], [False, True]])
    assert neighbour_precision(embeddings, labels, np.arange(4), 1).tolist() == [1, 1, 1, 1]
    assert neighbour_precision(embeddings, labels, np.array(["a", "a", "b", "b"]), 1).tolist() == [0, 0, 0, 0]


def test_an_embedding_of_zeros_and_a_clip_without_labels():
    embeddings, labels = np.array([[0.0, 0], [1, 0], [0, 1]]), np.array([[True], [True], [False]])
    assert np.array_equal(neighbour_precision(embeddings, labels, np.arange(3), 2), [0.5, 0.5, np.nan], equal_nan=True)


def test_too_few_neighbours_are_an_error():
    with pytest.raises(EvaluationError, match="fewer than 2"):
        neighbour_precision(np.eye(3), np.ones((3, 1), bool), np.array([0, 0, 1]), 2)
    with pytest.raises(EvaluationError, match="different numbers of clips"):
        neighbour_precision(np.eye(3), np.ones((2, 1), bool), np.arange(3), 1)
