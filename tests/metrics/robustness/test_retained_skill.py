"""Retained skill has the properties that a number for robustness needs."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from taggram.errors import EvaluationError
from taggram.metrics import average_precision, mean_over_strengths, retained_skill

TAGS = 4
CHANCE = np.array([0.5, 0.2, 0.1, 0.02])


def values(low: float = 0.0) -> st.SearchStrategy[NDArray[np.float64]]:
    return st.lists(st.floats(low, 1), min_size=TAGS, max_size=TAGS).map(np.array)


@given(values(0.55))
def test_an_unmoved_model_has_1(clean: NDArray[np.float64]) -> None:
    assert retained_skill(clean, clean, CHANCE) == 1


@given(values(0.55), values(), st.integers(0, TAGS - 1), st.floats(0.01, 0.5))
def test_it_falls_with_any_drop(
    clean: NDArray[np.float64], deformed: NDArray[np.float64], tag: int, drop: float
) -> None:
    before = retained_skill(clean, deformed, CHANCE)
    deformed[tag] -= drop
    after = retained_skill(clean, deformed, CHANCE)
    assert after <= before
    if after > 0 and before < 1:
        assert after < before


@given(values(0.55), values())
def test_it_is_between_0_and_1(clean: NDArray[np.float64], deformed: NDArray[np.float64]) -> None:
    assert 0 <= retained_skill(clean, deformed, CHANCE) <= 1


@given(st.floats(0.55, 1), st.floats(0, 1), st.floats(0.1, 1))
def test_a_poor_model_that_loses_the_same_share_has_no_higher_value(best: float, share: float, worse: float) -> None:
    good = CHANCE + best * (1 - CHANCE)
    poor = CHANCE + worse * best * (1 - CHANCE)
    of_good = retained_skill(good, CHANCE + share * (good - CHANCE), CHANCE)
    of_poor = retained_skill(poor, CHANCE + share * (poor - CHANCE), CHANCE)
    np.testing.assert_allclose(of_poor, of_good, atol=1e-9)


def test_the_same_drop_costs_a_poor_model_more() -> None:
    good, poor, drop = np.array([0.9]), np.array([0.4]), 0.1
    chance = np.array([0.3])
    assert retained_skill(poor, poor - drop, chance) == pytest.approx(0)
    assert retained_skill(good, good - drop, chance) == pytest.approx(5 / 6)
    assert (poor - drop) / poor > 0.7  # what a plain ratio would say


def test_scores_that_turn_into_noise_retain_nothing() -> None:
    rng = np.random.default_rng(0)
    labels = rng.random((4000, TAGS)) < CHANCE
    noise = rng.normal(size=labels.shape)
    chance = labels.mean(axis=0)
    for skill in (0.5, 3.0):
        clean = average_precision(labels * skill + rng.normal(size=labels.shape), labels)
        assert retained_skill(clean, average_precision(noise, labels), chance) < 0.06


def test_a_gain_does_not_offset_a_drop_under_another_deformation() -> None:
    clean, chance = np.array([0.6]), np.array([0.1])
    retained = retained_skill(clean, np.array([[0.9], [0.35]]), chance)
    assert retained.tolist() == pytest.approx([1, 0.5])


def test_without_skill_there_is_nothing_to_retain() -> None:
    assert np.isnan(retained_skill(CHANCE, CHANCE, CHANCE))
    assert np.isnan(retained_skill(CHANCE - 0.01, CHANCE, CHANCE))


def test_tags_with_nan_are_left_out_of_both() -> None:
    clean, deformed = np.array([0.9, 0.8]), np.array([0.5, np.nan])
    chance = np.array([0.1, 0.1])
    assert retained_skill(clean, deformed, chance) == pytest.approx(0.5)
    assert retained_skill(np.array([0.9, np.nan]), np.array([0.5, 0.8]), chance) == pytest.approx(0.5)
    assert np.isnan(retained_skill(clean, np.full(2, np.nan), chance))


def test_resamples_are_rows() -> None:
    rng = np.random.default_rng(0)
    clean, deformed, chance = 0.5 + rng.random((3, 7, TAGS)) / 2
    rows = [retained_skill(*row) for row in zip(clean, deformed, chance - 0.5, strict=True)]
    np.testing.assert_array_equal(retained_skill(clean, deformed, chance - 0.5), rows)


@given(st.integers(1, 20))
def test_the_number_of_strengths_does_not_matter(times: int) -> None:
    once = mean_over_strengths([0.9, 0.7, 0.4], ["noise", "noise", "mp3"])
    repeated = mean_over_strengths([0.9, 0.7] * times + [0.4], ["noise", "noise"] * times + ["mp3"])
    assert once == pytest.approx(repeated) == pytest.approx(0.6)


def test_a_deformation_without_a_value_is_left_out() -> None:
    assert mean_over_strengths([0.9, np.nan, np.nan], ["noise", "noise", "mp3"]) == pytest.approx(0.9)
    assert np.isnan(mean_over_strengths([np.nan], ["mp3"]))
    assert mean_over_strengths(np.array([[1.0, np.nan], [0.5, 0.2]]), ["a", "b"]).tolist() == [0.75, 0.2]


@pytest.mark.parametrize("names", [[], ["noise", "mp3"]])
def test_every_value_needs_a_deformation(names: list[str]) -> None:
    with pytest.raises(EvaluationError, match="values for"):
        mean_over_strengths([0.5] if names else [], names)
