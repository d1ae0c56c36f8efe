"""Figures equal scikit-learn's, and intervals are over artists."""

from __future__ import annotations

import numpy as np
import pytest

from taggram.evaluation import LabelledScores, summarize


def labelled(scores: np.ndarray, truth: np.ndarray, groups: list[str] | None = None) -> LabelledScores:
    clips = np.array([str(i) for i in range(len(scores))])
    names = clips if groups is None else np.array(groups)
    tags = tuple(map(str, range(scores.shape[1])))
    return LabelledScores(clips, names, tags, scores.astype(np.float32), truth.astype(bool))


def test_figures_equal_scikit_learn_with_ties() -> None:
    sklearn = pytest.importorskip("sklearn.metrics")
    rng = np.random.default_rng(0)
    scores, truth = rng.integers(4, size=(60, 3)) / 4, rng.random((60, 3)) < 0.3
    summary = summarize(labelled(scores, truth), resamples=50)
    assert summary.roc_auc.value == pytest.approx(sklearn.roc_auc_score(truth, scores))
    assert summary.average_precision.value == pytest.approx(sklearn.average_precision_score(truth, scores))
    assert summary.roc_auc.low < summary.roc_auc.value < summary.roc_auc.high
    assert (summary.clips, summary.groups, summary.scored_tags, summary.tags) == (60, 60, 3, 3)


def test_intervals_are_over_artists() -> None:
    """Ten copies of each clip are no more evidence than one, if they are by one artist."""
    rng = np.random.default_rng(1)
    truth = rng.random((30, 2)) < 0.5
    scores = truth + rng.normal(size=(30, 2))
    once = summarize(labelled(scores, truth), resamples=200)
    copies = labelled(np.repeat(scores, 10, axis=0), np.repeat(truth, 10, axis=0), np.repeat(range(30), 10).astype(str))
    by_artist = summarize(copies, resamples=200)
    by_clip = summarize(labelled(np.repeat(scores, 10, axis=0), np.repeat(truth, 10, axis=0)), resamples=200)
    width = once.roc_auc.high - once.roc_auc.low
    assert by_artist.roc_auc.high - by_artist.roc_auc.low == pytest.approx(width, rel=0.3)
    assert by_clip.roc_auc.high - by_clip.roc_auc.low < width / 2


def test_tags_of_one_class_leave_the_mean() -> None:
    truth = np.array([[1, 1, 0], [0, 1, 0], [1, 1, 0], [0, 1, 0]])
    scores = np.array([[0.9, 0.1, 0.2], [0.1, 0.2, 0.3], [0.8, 0.3, 0.4], [0.2, 0.4, 0.1]])
    summary = summarize(labelled(scores, truth), resamples=20)
    assert summary.roc_auc.value == 1 and (summary.scored_tags, summary.tags) == (3, 1)


def test_tags_without_scores_are_not_counted() -> None:
    truth = np.array([[1, 0], [0, 1], [1, 0], [0, 1]])
    scores = np.where([True, False], truth, np.nan)
    summary = summarize(labelled(scores, truth), resamples=20)
    assert (summary.roc_auc.value, summary.scored_tags, summary.tags) == (1, 1, 1)


def test_constant_scores_are_chance() -> None:
    truth = np.arange(40).reshape(-1, 1) % 4 == 0
    summary = summarize(labelled(np.full((40, 1), 0.3), truth), resamples=50)
    assert summary.roc_auc == (0.5, 0.5, 0.5)
    assert summary.average_precision.value == pytest.approx(0.25)


def test_one_clip_has_no_value() -> None:
    summary = summarize(labelled(np.array([[0.5]]), np.array([[True]])))
    assert np.isnan(summary.roc_auc).all() and np.isnan(summary.average_precision).all()
    assert (summary.clips, summary.tags) == (1, 0)
