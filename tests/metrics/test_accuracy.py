"""Accuracy of class names and class numbers."""

import numpy as np
import pytest

from taggram.metrics import accuracy


def test_share_of_right_classes():
    assert accuracy(np.array(["a", "b", "b"]), np.array(["a", "b", "c"])) == pytest.approx(2 / 3)
    assert accuracy(np.array([1, 2]), np.array([2, 2])) == 0.5
