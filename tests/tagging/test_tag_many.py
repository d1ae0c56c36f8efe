"""Many files, in one process and in several."""

from __future__ import annotations

import multiprocessing
import os
import pickle
import signal
from pathlib import Path

import numpy as np
import pytest

from taggram.audio import EvenlySpaced
from taggram.errors import AudioError, TaggramError
from taggram.tagging import Tagger

PIECES = ["piano-prelude.opus", "strings-and-harpsichord.opus", "synth-groove.opus"]


@pytest.fixture
def paths(pieces: Path, tmp_path: Path) -> list[Path]:
    bad = tmp_path / "bad.mp3"
    bad.write_text("this is no music")
    good = [pieces / piece for piece in PIECES]
    return [*good, bad, *reversed(good), tmp_path / "missing.mp3"]


@pytest.mark.parametrize("workers", [1, 2])
def test_order_is_kept_and_a_bad_file_ends_nothing(workers: int, paths: list[Path], tagger: Tagger) -> None:
    results = list(tagger.tag_many(paths, workers=workers, duration=6.0))
    assert [result.path for result in results] == [str(path) for path in paths]
    for result in results:
        if Path(result.path).suffix == ".opus":
            assert result.error is None
            assert result.prediction is not None
            assert result.prediction.path == result.path
            alone = tagger.tag(result.path, duration=6.0)
            np.testing.assert_array_equal(result.prediction.scores, alone.scores)
        else:
            assert result.prediction is None
            assert isinstance(result.error, AudioError)
            assert result.path in str(result.error)


def test_results_as_they_are_done(paths: list[Path], tagger: Tagger) -> None:
    results = list(tagger.tag_many((path for path in paths), workers=2, ordered=False, duration=3.0))
    assert sorted(result.path for result in results) == sorted(map(str, paths))


def test_a_tagger_is_pickled_as_its_arguments(pieces: Path) -> None:
    tagger = Tagger(segmentation=EvenlySpaced(2), aggregation="max")
    pickled = pickle.dumps(tagger)
    assert len(pickled) < 1000
    path = pieces / PIECES[0]
    expected, prediction = tagger.tag(path), pickle.loads(pickled).tag(path)  # noqa: S301 - made above
    np.testing.assert_array_equal(prediction.scores, expected.scores)
    np.testing.assert_array_equal(prediction.clip_scores(), expected.clip_scores())


def test_a_process_that_dies_costs_one_file(pieces: Path, tagger: Tagger) -> None:
    paths = [pieces / PIECES[i % 3] for i in range(12)]
    results = tagger.tag_many(paths, workers=2, duration=12.0)
    first = next(results)
    victim = multiprocessing.active_children()[0]
    assert victim.pid is not None
    os.kill(victim.pid, signal.SIGKILL)
    rest = list(results)
    assert [result.path for result in (first, *rest)] == [str(path) for path in paths]
    failed = [result for result in rest if result.error]
    assert len(failed) <= 1
    for result in failed:
        assert isinstance(result.error, TaggramError)
        assert str(result.error) == f"{result.path}: its worker process died (exit code -9); is the file sound?"
