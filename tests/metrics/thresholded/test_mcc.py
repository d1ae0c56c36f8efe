"""The Matthews correlation coefficient equals scikit-learn's and Pearson's, and is 0 for constant predictions."""

import numpy as np
import pytest
import scipy.stats
from hypothesis import given
from sklearn.metrics import matthews_corrcoef
from tests.metrics.cases import equals_oracle, few, predicted_and_labels

from taggram.metrics import mcc


@few
@given(predicted_and_labels())
def test_equals_scikit_learn(case):
    assert equals_oracle(mcc, matthews_corrcoef, *case)


def test_is_a_correlation():
    rng = np.random.default_rng(0)
    predicted, labels = rng.random((300, 1)) < 0.5, rng.random((300, 1)) < 0.2
    assert mcc(predicted, labels) == pytest.approx(scipy.stats.pearsonr(predicted[:, 0], labels[:, 0]).statistic)


def test_many_clips_do_not_overflow():
    """Products of four numbers of clips are beyond 64-bit integers."""
    labels = (np.arange(400_000) % 2 == 0)[:, None]
    assert mcc(labels, labels) == pytest.approx(1)
    assert mcc(~labels, labels) == pytest.approx(-1)
