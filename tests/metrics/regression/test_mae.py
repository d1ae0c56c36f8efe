"""The mean absolute error equals scikit-learn's, also for integers."""

import numpy as np
import pytest
from sklearn.metrics import mean_absolute_error

from taggram.errors import EvaluationError
from taggram.metrics import mae, r2


@pytest.mark.parametrize("dtype", ["uint8", "int64", "float16", "float64"])
def test_equals_scikit_learn(dtype):
    predicted, truth = np.random.default_rng(0).integers(0, 100, (2, 40, 3)).astype(dtype)
    oracle = mean_absolute_error(truth.astype(float), predicted.astype(float), multioutput="raw_values")
    assert mae(predicted, truth) == pytest.approx(oracle)


@pytest.mark.parametrize("metric", [mae, r2])
@pytest.mark.parametrize(
    ("predicted", "truth", "message"),
    [
        (np.zeros((2, 1)), np.zeros((3, 1)), "shapes of predicted and true quantities differ"),
        (np.zeros(2), np.zeros(2), r"shape \(clips, quantities\)"),
        (np.zeros((0, 2)), np.zeros((0, 2)), "no clips"),
        (np.array([[np.nan]]), np.zeros((1, 1)), "predicted quantities contain NaN"),
        (np.zeros((1, 1)), np.array([[np.inf]]), "true quantities contain infinite"),
    ],
)
def test_refused(metric, predicted, truth, message):
    with pytest.raises(EvaluationError, match=message):
        metric(predicted, truth)
