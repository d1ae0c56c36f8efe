"""Holm's adjusted p-values are those of the closed test of Bonferroni, and R's."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from tests.metrics.cases import few

from taggram.errors import EvaluationError
from taggram.metrics import holm

p_values = arrays.arrays(np.float64, st.integers(0, 5), elements=st.sampled_from([0.0, 0.001, 0.02, 0.02, 0.3, 1.0]))


@few
@given(p_values)
def test_equals_the_closed_test(values):
    """A hypothesis is rejected if Bonferroni's test rejects every set of hypotheses that it is in."""
    tests = range(len(values))
    sets = [one for size in tests for one in itertools.combinations(tests, size + 1)]
    expected = [max(min(1, len(one) * values[list(one)].min()) for one in sets if test in one) for test in tests]
    assert holm(values) == pytest.approx(np.array(expected))


def test_equals_p_adjust():
    """In R, p.adjust(c(0.01, 0.02, 0.03, 0.04), "holm")."""
    assert holm(np.array([0.04, 0.01, 0.03, 0.02])) == pytest.approx([0.06, 0.04, 0.06, 0.06])


def test_zeros_and_ones():
    assert holm(np.array([0, 1, 1])).tolist() == [0, 1, 1]


@pytest.mark.parametrize("values", [[1.1], [-0.1], [np.nan], [[0.5]]])
def test_refused(values):
    with pytest.raises(EvaluationError, match="p-values"):
        holm(np.array(values))
