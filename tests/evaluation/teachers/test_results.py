"""Targets of results."""

from taggram.evaluation.teachers.results import NOT_BELOW, at_least, within
from taggram.metrics import Interval


def test_targets() -> None:
    value, difference = Interval(0.9, 0.8, 0.95), Interval(-0.02, -0.05, 0.0)
    assert at_least(0.9).met(value, None) and not at_least(0.91).met(value, None)
    assert NOT_BELOW.met(value, difference) and not NOT_BELOW.met(value, Interval(-0.02, -0.05, -0.001))
    assert within(0.02).met(value, difference) and not within(0.01).met(value, difference)
