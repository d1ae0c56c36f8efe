"""Spearman's correlation equals SciPy's, ties included, and is NaN for constant scores."""

import numpy as np
import pytest
import scipy.stats
from hypothesis import given
from hypothesis import strategies as st
from tests.metrics.cases import few, scores_and_labels

from taggram.errors import EvaluationError
from taggram.metrics import spearman


@few
@given(scores_and_labels(), st.integers(0, 2**32 - 1))
def test_equals_scipy(case, seed):
    first = case[0]
    second = np.random.default_rng(seed).choice([0.0, 0.3, 0.7], first.shape)
    for tag, value in enumerate(spearman(first, second)):
        if len(set(first[:, tag])) == 1 or len(set(second[:, tag])) == 1:
            assert np.isnan(value)
        else:
            assert value == pytest.approx(scipy.stats.spearmanr(first[:, tag], second[:, tag]).statistic)


def test_unsigned_scores_and_what_is_refused():
    first, second = np.array([[0], [255], [7]], np.uint8), np.array([[1], [9], [2]])
    assert spearman(first, second) == 1
    for message, bad in (("shapes", second[:2]), ("NaN", second * np.nan), ("infinite", second * np.inf)):
        with pytest.raises(EvaluationError, match=message):
            spearman(first, bad)
    with pytest.raises(EvaluationError, match="no clips"):
        spearman(first[:0], second[:0])
