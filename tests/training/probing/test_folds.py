"""Cross-validation never fits a probe on clips of the artist that it scores."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from taggram.metrics import roc_auc
from taggram.training.probing.cross_validation import CrossValidation
from taggram.training.probing.examples import Examples
from taggram.training.probing.folds import assign_folds, cross_validated_scores, folds_of_tag

SIZE = 64


def examples(embeddings: NDArray[np.floating], labels: NDArray[np.bool_], groups: list[str]) -> Examples:
    tags = tuple(map(str, range(labels.shape[1])))
    starts = np.arange(len(embeddings))
    return Examples(embeddings.astype(np.float32), starts, tags, labels, np.array(groups), 0, 0)


@pytest.fixture
def artists() -> Examples:
    """Thirty artists with a sound of their own, each with or without a tag that has nothing to do with it."""
    rng = np.random.default_rng(0)
    sounds = rng.standard_normal((30, SIZE)).repeat(6, axis=0)
    clips = sounds + 0.1 * rng.standard_normal(sounds.shape)
    return examples(clips, (np.arange(180) // 6 % 2 == 0)[:, None], [f"artist {i // 6}" for i in range(180)])


def test_what_is_learned_of_an_artist_does_not_count(artists: Examples) -> None:
    by_artist, _ = cross_validated_scores(artists, 0)
    by_clip, _ = cross_validated_scores(examples(artists.segments, artists.labels, [*map(str, range(180))]), 0)
    assert roc_auc(by_clip, artists.labels)[0] > 0.95  # so folds by clip would be noticed
    assert roc_auc(by_artist, artists.labels)[0] < 0.7


def test_no_artist_is_in_two_folds(artists: Examples) -> None:
    folds = assign_folds(artists.labels, artists.groups, 5, seed=0)
    assert {*folds.tolist()} == {*range(5)}
    assert all(len({*folds[artists.groups == artist].tolist()}) == 1 for artist in artists.groups)


@pytest.mark.parametrize("number", [2, 3, 4])
@pytest.mark.parametrize("seed", range(5))
def test_a_tag_of_few_artists_has_a_fold_for_each(artists: Examples, number: int, seed: int) -> None:
    """In the folds of all tags, some of them are in the same one."""
    rare = np.isin(artists.groups, [f"artist {2 * i}" for i in range(number)])
    folds = folds_of_tag(rare, artists.groups, np.zeros(180, np.int64), seed)
    assert sorted({*folds[rare].tolist()}) == sorted({*folds.tolist()}) == [*range(number)]


def test_other_tags_have_the_folds_of_all(artists: Examples) -> None:
    common = assign_folds(artists.labels, artists.groups, 5, seed=0)
    labels = artists.labels[:, 0]
    assert folds_of_tag(labels, artists.groups, common, 0) is common
    without = folds_of_tag(labels, artists.groups, (~labels).astype(np.int64), 0)
    assert {*without[labels].tolist()} == {*range(5)}  # as no probe could be fitted by folds that divide by the tag


def test_a_tag_of_two_artists_is_cross_validated(artists: Examples) -> None:
    rare = np.isin(artists.groups, ["artist 0", "artist 2"])[:, None]
    labels = np.hstack([artists.labels, rare])
    data = examples(artists.segments + 20 * rare, labels, artists.groups.tolist())
    scores, reasons = cross_validated_scores(data, 0)
    assert not reasons and roc_auc(scores, labels)[1] > 0.9


def test_scores_are_means_over_the_segments_of_a_clip() -> None:
    rng = np.random.default_rng(0)
    labels = np.arange(20) % 2 == 0
    starts = np.arange(0, 60, 3)
    segments = rng.standard_normal((60, SIZE)) + labels.repeat(3)[:, None]
    groups = np.array([f"artist {clip}" for clip in range(20)])
    data = Examples(segments.astype(np.float32), starts, ("tag",), labels[:, None], groups, 0, 0)
    assert data.embeddings[1] == pytest.approx(segments[3:6].mean(axis=0), abs=1e-6)
    scores, _ = cross_validated_scores(data, 0)
    assert roc_auc(scores, data.labels)[0] > 0.9


def test_confused_tags_are_named() -> None:
    """Clips of the tags 0 and 1 sound alike; those of 2 do not, and 3 is on clips of 2 beside it."""
    rng = np.random.default_rng(0)
    tag = np.arange(90) % 3
    centre = np.where(tag[:, None] == 2, 3.0, 0.0)
    labels = np.column_stack([tag == 0, tag == 1, tag == 2, tag == 2])
    data = examples(rng.standard_normal((90, SIZE)) + centre, labels, [f"artist {i}" for i in range(90)])
    scores, _ = cross_validated_scores(data, 0)
    measured = CrossValidation.from_scores(data, scores, 0)
    assert [entry.confused_with for entry in measured.tags] == ["1", "0", "", ""]
    assert measured.tags[0].confused_clips == measured.confusion[0, 1] >= 8
    assert measured.confusion[2].tolist() == [0, 0, 30, 0] and measured.confusion[3].tolist() == [0, 0, 0, 30]
    assert measured.confusion.sum(axis=1).tolist() == [30] * 4
