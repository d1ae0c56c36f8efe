"""R2 equals scikit-learn's, and is NaN for a quantity that does not vary."""

import numpy as np
import pytest
from sklearn.metrics import r2_score

from taggram.metrics import r2


@pytest.mark.parametrize("dtype", ["uint8", "int64", "float16", "float64"])
def test_equals_scikit_learn(dtype):
    predicted, truth = np.random.default_rng(0).integers(0, 100, (2, 40, 3)).astype(dtype)
    oracle = r2_score(truth.astype(float), predicted.astype(float), multioutput="raw_values")
    assert r2(predicted, truth) == pytest.approx(oracle)


def test_the_mean_explains_nothing():
    truth = np.array([[1.0, 5.0], [3.0, 5.0]])
    assert r2(np.full((2, 2), 2.0), truth) == pytest.approx([0, np.nan], nan_ok=True)
    assert np.isnan(r2(truth[:1], truth[:1])).all()


def test_a_constant_that_rounding_moves():
    """0.1 three times has a mean that is not 0.1."""
    assert np.isnan(r2(np.zeros((3, 1)), np.full((3, 1), 0.1))).all()
