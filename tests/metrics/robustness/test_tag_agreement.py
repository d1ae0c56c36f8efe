"""Agreement of tags needs no labels, and a model that ignores its input has none."""

from __future__ import annotations

import numpy as np
import pytest

from taggram.errors import EvaluationError
from taggram.metrics import draw_counts, tag_agreement

RNG = np.random.default_rng(0)
CLEAN = RNG.random((60, 12))


def brute_force(first: np.ndarray, second: np.ndarray, k: int) -> float:
    """Compute it from sets of tags, over all pairs of different clips."""
    a, b = ([set(np.argsort(-row, kind="stable")[:k].tolist()) for row in scores] for scores in (first, second))
    same = np.mean([len(x & y) / k for x, y in zip(a, b, strict=True)])
    other = np.mean([len(x & y) / k for i, x in enumerate(a) for j, y in enumerate(b) if i != j])
    return (same - other) / (1 - other)


@pytest.mark.parametrize("k", [1, 3, 5])
def test_it_is_that_of_sets(k: int) -> None:
    noisy = CLEAN + 0.3 * RNG.random(CLEAN.shape)
    assert tag_agreement(CLEAN, noisy, k) == pytest.approx(brute_force(CLEAN, noisy, k))
    assert 0 < tag_agreement(CLEAN, noisy, k) < 1


def test_an_unmoved_model_has_1_and_a_shuffled_one_0() -> None:
    assert tag_agreement(CLEAN, CLEAN**3) == pytest.approx(1)
    shuffled = [float(tag_agreement(CLEAN, CLEAN[RNG.permutation(60)])) for _ in range(200)]
    assert np.mean(shuffled) == pytest.approx(0, abs=0.01)


def test_it_falls_with_noise() -> None:
    noise = RNG.normal(size=CLEAN.shape)
    values = [float(tag_agreement(CLEAN, CLEAN + strength * noise)) for strength in (0, 0.1, 0.3, 1, 3)]
    assert values == sorted(values, reverse=True) and len(set(values)) == 5


def test_tags_that_most_clips_have_bring_nothing() -> None:
    popular = np.concatenate([np.full((60, 4), 2.0), CLEAN], axis=1)  # every clip has four tags in common
    other = np.concatenate([np.full((60, 4), 2.0), RNG.random(CLEAN.shape)], axis=1)
    assert abs(float(tag_agreement(popular, other, 5))) < 0.15
    for clips in range(2, 60):
        same = np.tile(RNG.random(9), (clips, 1))
        counts = draw_counts(np.arange(clips), rng=RNG, resamples=9)
        assert np.isnan(tag_agreement(same, same, 3)) and np.isnan(tag_agreement(same, same, 3, counts)).all()


def test_two_clips_that_swap_their_tags_have_no_value() -> None:
    two = np.array([[1.0, 0.0], [0.0, 1.0]])
    assert np.isnan(tag_agreement(two, two[::-1], 1))


def test_one_clip_has_no_other_to_compare_with() -> None:
    assert np.isnan(tag_agreement(CLEAN[:1], CLEAN[:1]))


def test_resamples_are_those_of_repeated_clips() -> None:
    noisy = CLEAN + 0.3 * RNG.random(CLEAN.shape)
    counts = draw_counts(np.arange(60), rng=np.random.default_rng(1), resamples=5)
    a, b = (np.zeros(CLEAN.shape, bool) for _ in range(2))
    for highest, scores in ((a, CLEAN), (b, noisy)):
        np.put_along_axis(highest, np.argsort(-scores, axis=1)[:, :5], True, axis=1)
    expected = []
    for row in counts:
        clips = np.repeat(np.arange(60), row)
        overlap = (a[clips][:, None] & b[clips][None]).sum(axis=2) / 5
        different = clips[:, None] != clips[None]
        same, other = overlap[np.eye(len(clips), dtype=bool)].mean(), overlap[different].mean()
        expected.append((same - other) / (1 - other))
    np.testing.assert_allclose(tag_agreement(CLEAN, noisy, 5, counts), expected)


@pytest.mark.parametrize("k", [0, 13])
def test_k_is_a_number_of_tags(k: int) -> None:
    with pytest.raises(EvaluationError, match="k must be from 1"):
        tag_agreement(CLEAN, CLEAN, k)


def test_other_shapes_are_refused() -> None:
    with pytest.raises(EvaluationError, match="shapes"):
        tag_agreement(CLEAN, CLEAN[:5])
    with pytest.raises(EvaluationError, match="NaN"):
        tag_agreement(CLEAN, np.full_like(CLEAN, np.nan))
