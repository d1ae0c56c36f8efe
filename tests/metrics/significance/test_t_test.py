"""The t-test equals SciPy's, keeps its level, and refuses single runs."""

import sys

import numpy as np
import pytest
import scipy.stats

from taggram.errors import EvaluationError, MissingExtraError
from taggram.metrics import t_test


def test_equals_the_formula():
    first, second = np.array([0.91, 0.92, 0.95, 0.9]), np.array([0.89, 0.9, 0.905])
    result = t_test(first, second)
    error = first.var(ddof=1) / 4, second.var(ddof=1) / 3
    freedom = sum(error) ** 2 / (error[0] ** 2 / 3 + error[1] ** 2 / 2)
    difference, width = first.mean() - second.mean(), sum(error) ** 0.5
    reach = width * scipy.stats.t.ppf(0.975, freedom)
    assert result.difference == pytest.approx((difference, difference - reach, difference + reach))
    assert result.p == pytest.approx(2 * scipy.stats.t.sf(abs(difference / width), freedom))


def test_small_integers_do_not_wrap():
    first, second = np.array([1, 2, 3], np.uint8), np.array([4, 5, 9], np.uint8)
    assert t_test(first, second) == t_test(first.astype(float), second.astype(float))


def test_runs_that_do_not_vary():
    same = np.array([0.5, 0.5])
    result = t_test(same, same + 0.25)
    assert result.difference == (-0.25, -0.25, -0.25)
    assert np.isnan(result.p)
    assert 0 < t_test(same, np.array([0.6, 0.7])).p < 1


@pytest.mark.parametrize("runs", [[0.5], [], [[0.5, 0.6]], [0.5, np.nan], [0.5, np.inf]])
def test_refused(runs):
    for pair in ((np.array(runs), np.zeros(2)), (np.zeros(2), np.array(runs))):
        with pytest.raises(EvaluationError, match="runs"):
            t_test(*pair)


def test_without_scipy(monkeypatch):
    monkeypatch.setitem(sys.modules, "scipy.stats", None)
    with pytest.raises(MissingExtraError, match="a t-test needs the .train. extra"):
        t_test(np.zeros(2), np.ones(2))
