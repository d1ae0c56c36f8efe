"""Merged synonyms: the highest score, and any label."""

import numpy as np
import pytest

from taggram.errors import EvaluationError
from taggram.metrics import averages, merge_synonyms, roc_auc

NAMES = ["vocal", "guitar", "vocal", "drums", "vocal"]


@pytest.mark.parametrize("dtype", [np.float64, np.uint8, bool])
def test_columns_are_merged(dtype):
    rng = np.random.default_rng(0)
    scores, labels = rng.integers(0, 2, (20, 5)).astype(dtype), rng.random((20, 5)) < 0.4
    merged = merge_synonyms(scores, labels, NAMES)
    assert merged.names == ["vocal", "guitar", "drums"]
    assert merged.scores.dtype == dtype and merged.labels.dtype == bool
    vocal = [0, 2, 4]
    assert merged.scores.T.tolist() == [scores[:, vocal].max(axis=1).tolist(), *scores[:, [1, 3]].T.tolist()]
    assert merged.labels.T.tolist() == [labels[:, vocal].any(axis=1).tolist(), *labels[:, [1, 3]].T.tolist()]


def test_another_word_of_the_same_meaning_is_not_a_mistake():
    labels = np.array([[True, False], [False, True], [False, False]])
    scores = np.array([[0.1, 0.9], [0.9, 0.1], [0.2, 0.2]])
    assert averages(roc_auc, scores, labels).macro == 0
    merged = merge_synonyms(scores, labels, ["voice", "voice"])
    assert averages(roc_auc, merged.scores, merged.labels).macro == 1


def test_labels_of_0_and_1():
    assert merge_synonyms(np.zeros((1, 2)), np.array([[0, 1]]), ["a", "a"]).labels.tolist() == [[True]]


def test_refused():
    with pytest.raises(EvaluationError, match="2 tags need as many names, not 1"):
        merge_synonyms(np.zeros((3, 2)), np.zeros((3, 2)), ["a"])
    with pytest.raises(EvaluationError, match="NaN"):
        merge_synonyms(np.full((3, 1), np.nan), np.zeros((3, 1)), ["a"])
