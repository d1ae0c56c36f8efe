"""McNemar's test equals SciPy's binomial test of the clips that one classifier alone gets right."""

import sys

import numpy as np
import pytest
import scipy.stats

from taggram.errors import EvaluationError, MissingExtraError
from taggram.metrics import mcnemar


def test_equals_the_tail_of_a_binomial_distribution():
    rng = np.random.default_rng(0)
    truth, first, second = rng.integers(0, 3, (3, 200))
    result = mcnemar(first, second, truth)
    right, other = first == truth, second == truth
    assert result.first_only == (right & ~other).sum()
    assert result.second_only == (other & ~right).sum()
    smaller, both = min(result[:2]), sum(result[:2])
    assert result.p == pytest.approx(min(1, 2 * scipy.stats.binom.cdf(smaller, both, 0.5)))


def test_one_of_many():
    truth = np.zeros(100, int)
    first = (np.arange(100) < 10).astype(int)  # ten mistakes
    second = (np.arange(100) < 24).astype(int)  # these and fourteen more
    assert mcnemar(first, second, truth) == (14, 0, pytest.approx(2 / 2**14))
    assert mcnemar(second, first, truth) == (0, 14, pytest.approx(2 / 2**14))


def test_models_that_agree_do_not_differ():
    assert mcnemar(np.array(["a"]), np.array(["a"]), np.array(["b"])) == (0, 0, 1)


def test_refused(monkeypatch):
    two, three = np.zeros(2), np.zeros(3)
    for first, second in ((two, three), (three, two)):
        with pytest.raises(EvaluationError, match="shapes of predicted and true classes differ"):
            mcnemar(first, second, three)
    with pytest.raises(EvaluationError, match="no clips"):
        mcnemar(np.zeros(0), np.zeros(0), np.zeros(0))
    monkeypatch.setitem(sys.modules, "scipy.stats", None)
    with pytest.raises(MissingExtraError, match="McNemar's test needs the .train. extra"):
        mcnemar(two, two, two)
