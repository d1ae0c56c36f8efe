"""The expected calibration error equals its definition and is near 0 for calibrated probabilities."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from sklearn.calibration import calibration_curve
from tests.metrics.cases import few

from taggram.errors import EvaluationError
from taggram.metrics import expected_calibration_error

probabilities = arrays.arrays(np.float64, st.integers(1, 40), elements=st.floats(0, 1))


@few
@given(probabilities, st.integers(0, 2**32 - 1))
def test_equals_the_definition(scores, seed):
    labels = np.random.default_rng(seed).random(len(scores)) < 0.5
    index = np.minimum(np.floor(scores * 10), 9)
    parts = [scores[index == i] for i in range(10)]
    truth = [labels[index == i] for i in range(10)]
    expected = sum(len(p) / len(scores) * abs(p.mean() - y.mean()) for p, y in zip(parts, truth, strict=True) if len(p))
    assert expected_calibration_error(scores, labels) == pytest.approx(expected)


def test_bins_equal_those_of_scikit_learn():
    rng = np.random.default_rng(0)
    scores = rng.random(1000)
    labels = rng.random(1000) < scores**2
    share, mean = calibration_curve(labels, scores, n_bins=10)
    weight = np.bincount((scores * 10).astype(int), minlength=10) / 1000
    assert expected_calibration_error(scores, labels) == pytest.approx((weight * np.abs(share - mean)).sum())


def test_0_for_a_calibrated_model_and_1_for_a_confidently_wrong_one():
    rng = np.random.default_rng(0)
    scores = rng.random((2000, 10))
    assert expected_calibration_error(scores, rng.random(scores.shape) < scores) < 0.01
    assert expected_calibration_error(np.ones((3, 2)), np.zeros((3, 2), bool)) == 1


@pytest.mark.parametrize(
    ("scores", "labels", "bins", "message"),
    [
        ([1.2], [True], 10, "probabilities must be between 0 and 1"),
        ([-0.1], [True], 10, "probabilities must be between 0 and 1"),
        ([np.nan], [True], 10, "probabilities contain NaN"),
        ([0.5], [2], 10, "labels must be between 0 and 1"),
        ([0.5], [np.nan], 10, "labels contain NaN"),
        ([0.5], [True, False], 10, "shapes of probabilities and labels differ"),
        ([], [], 10, "no clips"),
        ([0.5], [True], 0, "bins must be at least 1"),
    ],
)
def test_refused(scores, labels, bins, message):
    with pytest.raises(EvaluationError, match=message):
        expected_calibration_error(np.array(scores), np.array(labels), bins)


@pytest.mark.parametrize("dtype", [bool, np.uint8, np.float16])
def test_probabilities_of_any_type(dtype):
    assert expected_calibration_error(np.array([1, 0], dtype), np.array([True, True])) == 0.5
