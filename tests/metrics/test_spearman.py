"""Spearman's correlation equals SciPy's, ties included, and is NaN for constant scores."""

import numpy as np
import pytest
import scipy.stats
from hypothesis import given
from hypothesis import strategies as st
from tests.metrics.cases import scores_and_labels

from taggram.metrics import spearman


@given(scores_and_labels(), st.integers(0, 2**32 - 1))
def test_equals_scipy(case, seed):
    first = case[0]
    second = np.random.default_rng(seed).choice([0.0, 0.3, 0.7], first.shape)
    for tag, value in enumerate(spearman(first, second)):
        if len(set(first[:, tag])) == 1 or len(set(second[:, tag])) == 1:
            assert np.isnan(value)
        else:
            assert value == pytest.approx(scipy.stats.spearmanr(first[:, tag], second[:, tag]).statistic)
