"""Clips are tagged once per model, and the cached scores equal the first ones."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from taggram.errors import TaggramError
from taggram.evaluation.predictions import predict_clips
from taggram.tagging import Tagger
from taggram.tagging.cache import PredictionCache


def test_clips_are_tagged_once(examples: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files = sorted(examples.glob("*.opus"))[:2]
    titles = []

    def progress(results, total, title):
        titles.append((total, title))
        yield from results

    with PredictionCache(tmp_path / "cache.sqlite") as cache:
        first = predict_clips("default", files, cache, progress=progress)
        monkeypatch.setattr(Tagger, "_predict", lambda *_: pytest.fail("tagged again"))
        second = predict_clips("default", files, cache)
    assert titles == [(2, "tagging with default")]
    assert first.scores.shape == (2, 94) and first.embeddings.shape == (2, first.card.embedding_size)
    assert np.array_equal(first.scores, second.scores) and np.array_equal(first.embeddings, second.embeddings)


def test_scores_are_means_over_segments(examples: Path, tmp_path: Path) -> None:
    file = min(examples.glob("*.opus"))
    prediction = Tagger().tag(file)
    with PredictionCache(tmp_path / "cache.sqlite") as cache:
        scores = predict_clips("default", [file], cache).scores
    np.testing.assert_array_equal(scores[0], prediction.scores.mean(axis=0))


def test_a_clip_that_cannot_be_tagged_is_an_error(tmp_path: Path) -> None:
    with PredictionCache(tmp_path / "cache.sqlite") as cache, pytest.raises(TaggramError, match=r"missing\.wav"):
        predict_clips("default", [tmp_path / "missing.wav"], cache)
