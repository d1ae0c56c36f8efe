"""Arrays that cannot be compared are refused by every metric that ranks or compares them."""

import numpy as np
import pytest

from taggram.errors import EvaluationError
from taggram.metrics import accuracy, average_precision, expected_calibration_error, roc_auc, spearman


@pytest.mark.parametrize("metric", [roc_auc, average_precision, spearman, expected_calibration_error, accuracy])
@pytest.mark.parametrize(
    ("scores", "reference", "message"),
    [
        (np.zeros((3, 2)), np.zeros((3, 1)), "shape"),
        (np.zeros((0, 2)), np.zeros((0, 2)), "no clips"),
        (np.full((3, 2), np.nan), np.zeros((3, 2)), "NaN"),
    ],
)
def test_refused(metric, scores, reference, message):
    with pytest.raises(EvaluationError, match=message):
        metric(scores, reference)
