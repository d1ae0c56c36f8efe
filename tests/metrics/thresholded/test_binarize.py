"""Thresholds per tag, and what is outside 0 to 1."""

import numpy as np
import pytest

from taggram.errors import EvaluationError
from taggram.metrics import binarize


def test_a_score_that_equals_the_threshold_reaches_it():
    scores = np.array([[0.5, 0.5], [0.0, 1.0]])
    assert binarize(scores, np.array([0.5, 0.6])).tolist() == [[True, False], [False, True]]
    assert binarize(scores, 0).all()


@pytest.mark.parametrize(
    ("scores", "thresholds", "message"),
    [
        (np.array([[1.2]]), 0.5, "scores must be between 0 and 1"),
        (np.array([[-0.1]]), 0.5, "scores must be between 0 and 1"),
        (np.array([[7]], np.uint8), 0.5, "scores must be between 0 and 1"),
        (np.array([[np.nan]]), 0.5, "scores contain NaN"),
        (np.array([[0.5]]), 1.5, "thresholds must be between 0 and 1"),
        (np.array([[0.5]]), np.array([-0.5]), "thresholds must be between 0 and 1"),
        (np.array([[0.5]]), np.array([np.nan]), "thresholds contain NaN"),
        (np.array([[0.5]]), np.array([0.5, 0.5]), r"thresholds must have the shape \(1,\)"),
        (np.array([[0.5]]), np.array([[0.5]]), r"thresholds must have the shape \(1,\)"),
        (np.array([0.5]), 0.5, r"shape \(clips, tags\)"),
        (np.zeros((0, 2)), 0.5, "no clips"),
    ],
)
def test_refused(scores, thresholds, message):
    with pytest.raises(EvaluationError, match=message):
        binarize(scores, thresholds)
