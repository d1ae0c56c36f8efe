"""The macro average counts the tags that have a value."""

import numpy as np

from taggram.metrics import macro, roc_auc


def test_tags_without_a_value_are_left_out():
    labels = np.array([[True, True, False], [False, True, False]])
    assert macro(roc_auc(np.array([[0.9, 0.5, 0.5], [0.1, 0.5, 0.5]]), labels)) == (1.0, 1)


def test_no_value_at_all():
    empty = macro(np.full(3, np.nan))
    assert np.isnan(empty.mean) and empty.tags == 0
