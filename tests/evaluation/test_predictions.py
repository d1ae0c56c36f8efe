"""Clips are tagged once per model, and the cached scores equal the first ones."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from taggram.errors import TaggramError
from taggram.evaluation.predictions import predict_clips
from taggram.evaluation.teachers.labelled_clips import LabelledClips
from taggram.evaluation.teachers.teacher_comparison import TeacherComparison
from taggram.tagging import Tagger
from taggram.tagging.cache import PredictionCache


def test_clips_are_tagged_once(pieces: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files = sorted(pieces.glob("*.opus"))[:2]
    titles = []

    def progress(results, total, title):
        titles.append((total, title))
        yield from results

    with PredictionCache(tmp_path / "cache.sqlite") as cache:
        first = predict_clips(Tagger(), files, cache, progress=progress)
        monkeypatch.setattr(Tagger, "_predict", lambda *_: pytest.fail("tagged again"))
        second = predict_clips(Tagger(), files, cache)
    assert titles == [(2, "tagging with default")]
    assert first.scores.shape == (2, 94) and first.embeddings.shape == (2, Tagger().card.embedding_size)
    assert np.array_equal(first.scores, second.scores) and np.array_equal(first.embeddings, second.embeddings)


def test_scores_are_means_over_segments(pieces: Path, tmp_path: Path) -> None:
    file = min(pieces.glob("*.opus"))
    prediction = Tagger().tag(file)
    with PredictionCache(tmp_path / "cache.sqlite") as cache:
        scores = predict_clips(Tagger(), [file], cache).scores
    np.testing.assert_array_equal(scores[0], prediction.scores.mean(axis=0))


def test_a_clip_that_cannot_be_tagged_does_not_stop_the_others(pieces: Path, tmp_path: Path) -> None:
    with PredictionCache(tmp_path / "cache.sqlite") as cache:
        predictions = predict_clips(Tagger(), [tmp_path / "missing.wav", min(pieces.glob("*.opus"))], cache)
    assert list(predictions.errors) == [0] and "missing.wav does not exist" in str(predictions.errors[0])
    assert np.isnan(predictions.scores).all(axis=1).tolist() == [True, False]
    assert np.isnan(predictions.embeddings).all(axis=1).tolist() == [True, False]


def test_a_comparison_needs_all_clips(tmp_path: Path) -> None:
    one = np.array(["a"])
    clips = LabelledClips("mer4q", (tmp_path / "missing.wav",), one, one, one, one, (frozenset(),), (frozenset(),))
    with PredictionCache(tmp_path / "cache.sqlite") as cache, pytest.raises(TaggramError, match=r"missing\.wav"):
        TeacherComparison.from_models("default", {}, clips, cache)
