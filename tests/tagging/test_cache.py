"""The prediction cache: exact, keyed by content, shared by processes, and clear about files that it cannot use."""

from __future__ import annotations

import multiprocessing
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from taggram.audio import EvenlySpaced, Sliding
from taggram.errors import CacheError
from taggram.tagging import Tagger
from taggram.tagging.cache import (
    CachedPrediction,
    FileHashes,
    PredictionCache,
    PredictionKey,
    hash_samples,
    predict_cached,
)

KEY = PredictionKey("a" * 64, "b" * 64, "Sliding(hop=48000)")


def entry(seed: int = 0, segments: int = 10, tags: int = 94, size: int = 192) -> CachedPrediction:
    rng = np.random.default_rng(seed)
    times = np.arange(segments)[:, None] * 3.0 + [0, 1 / 3]
    scores, embeddings = rng.random((segments, tags), np.float32), rng.normal(size=(segments, size))
    return CachedPrediction(scores, times, embeddings.astype(np.float32), 30.1, ("silent", "mp3: 2 frames lost"))


def assert_equal(one: CachedPrediction | None, other: CachedPrediction) -> None:
    assert one is not None
    for name in ("scores", "times", "embeddings"):
        mine, theirs = getattr(one, name), getattr(other, name)
        assert mine.dtype == theirs.dtype and mine.shape == theirs.shape
        assert mine.tobytes() == theirs.tobytes()
    assert (one.duration, one.warnings) == (other.duration, other.warnings)


def test_predictions_come_back_bit_for_bit(tmp_path: Path) -> None:
    with PredictionCache(tmp_path / "new" / "cache.sqlite") as cache:
        assert cache.get(KEY) is None and KEY not in cache
        cache.put(KEY, entry())
        without = KEY._replace(model="c" * 64)
        cache.put(without, entry(segments=3, size=0))
    with PredictionCache(tmp_path / "new" / "cache.sqlite") as cache:
        assert KEY in cache
        assert_equal(cache.get(KEY), entry())
        assert_equal(cache.get(without), entry(segments=3, size=0))
        cache.put(KEY, entry(1))
        assert_equal(cache.get(KEY), entry(1))
        loaded = cache.get(KEY)
        assert loaded is not None
        loaded.scores[0] = 0  # as the arrays of a new prediction, it may be changed


@pytest.mark.parametrize(
    "change", [{"audio": "0" * 64}, {"model": "0" * 64}, {"segmentation": "x"}, {"start": 1.0}, {"duration": 30.0}]
)
def test_every_part_of_the_key_counts(tmp_path: Path, change: dict[str, object]) -> None:
    with PredictionCache(tmp_path / "cache.sqlite") as cache:
        cache.put(KEY, entry())
        assert cache.get(KEY._replace(**change)) is None


def test_integers_and_floats_are_the_same_key(tmp_path: Path) -> None:
    with PredictionCache(tmp_path / "cache.sqlite") as cache:
        cache.put(KEY._replace(start=1, duration=30), entry())
        assert KEY._replace(start=1.0, duration=30.0) in cache


def test_a_file_is_hashed_again_only_if_it_changed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "caf\udce9.wav"  # a name that is not UTF-8
    file.write_bytes(b"one")
    with PredictionCache(tmp_path / "cache.sqlite") as cache:
        first = cache.content_hash(file)
        with monkeypatch.context() as patch:
            patch.setattr("taggram.tagging.cache.sha256", lambda _: pytest.fail("read again"))
            assert cache.content_hash(file) == first
        cache.put_hashes(file, FileHashes(first, "samples"))
        assert cache.get_hashes(file) == (first, "samples")
        file.write_bytes(b"two two")
        assert cache.get_hashes(file) is None
        assert cache.content_hash(file) != first
        os.utime(file, ns=(1, 1))
        assert cache.get_hashes(file) is None
        with pytest.raises(OSError, match="none"):
            cache.content_hash(tmp_path / "none")


def test_tagging_with_a_cache(pieces: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The second run computes nothing, also under other names, and gives the same predictions."""
    tagger = Tagger()
    files = sorted(pieces.glob("*.opus"))[:2]
    broken = tmp_path / "broken.wav"
    broken.write_bytes(b"no audio")
    paths = [files[0], broken, tmp_path / "missing.wav", files[1]]
    with PredictionCache(tmp_path / "cache.sqlite") as cache:
        first = list(predict_cached(tagger, paths, cache, duration=10))
        assert [result.path for result in first] == [str(path) for path in paths]
        assert [result.error is None for result in first] == [True, False, False, True]
        copy = Path(shutil.copy(files[0], tmp_path / "another name.opus"))
        asked: list[str] = []
        tag_many = Tagger.tag_many
        monkeypatch.setattr(
            Tagger, "tag_many", lambda self, names, **options: asked.extend(names) or tag_many(self, names, **options)
        )
        second = list(predict_cached(tagger, [copy, *paths[1:]], cache, duration=10))
        assert asked == [str(broken), str(tmp_path / "missing.wav")]
        assert second[0].path == str(copy)
        for one, other in ((first[0], second[0]), (first[3], second[3])):
            assert one.prediction is not None and other.prediction is not None
            assert one.prediction.to_dict() == {**other.prediction.to_dict(), "path": one.path}
            np.testing.assert_array_equal(one.prediction.scores, other.prediction.scores)
            np.testing.assert_array_equal(one.prediction.embedding, other.prediction.embedding)
            assert one.prediction.tags() == other.prediction.tags()


def test_the_key_of_a_tagger(tmp_path: Path) -> None:
    tagger = Tagger()
    key = PredictionKey.from_tagger(tagger, "a")
    assert (
        key.model == tagger.card.files["model.onnx"] and key.segmentation == f"Sliding(hop={tagger.card.segments.hop})"
    )
    assert PredictionKey.from_tagger(Tagger(segmentation=EvenlySpaced(3)), "a") != key

    class Own(Sliding):
        __repr__ = object.__repr__

    with pytest.raises(CacheError, match="dataclass"):
        PredictionKey.from_tagger(Tagger(segmentation=Own(1)), "a")


def test_arrays_are_told_apart_by_samples_rate_and_type() -> None:
    samples = np.arange(6, dtype=np.int16)
    hashes = {
        hash_samples(samples, 16000),
        hash_samples(samples, 22050),
        hash_samples(samples.reshape(2, 3), 16000),
        hash_samples(samples.astype(np.float32), 16000),
        hash_samples(np.append(samples[:-1], np.int16(9)), 16000),
    }
    assert len(hashes) == 5
    assert hash_samples(np.repeat(samples, 2)[::2], 16000) in hashes


def fill(file: Path, first: int, count: int) -> None:
    with PredictionCache(file) as cache:
        for i in range(first, first + count):
            cache.put(KEY._replace(audio=f"{i:064}"), entry(i))


def test_several_processes_write_one_cache(tmp_path: Path) -> None:
    """Also the first ones, which all find no tables."""
    context, file = multiprocessing.get_context("fork"), tmp_path / "cache.sqlite"
    processes = [context.Process(target=fill, args=(file, 50 * i, 50)) for i in range(4)]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    assert [process.exitcode for process in processes] == [0] * 4
    with PredictionCache(file) as cache:
        for i in range(200):
            assert_equal(cache.get(KEY._replace(audio=f"{i:064}")), entry(i))


KILLED = """
import sys
from pathlib import Path
sys.path.insert(0, sys.argv[2])
from test_cache import KEY, entry
from taggram.tagging.cache import PredictionCache
with PredictionCache(Path(sys.argv[1])) as cache:
    for i in range(10**6):
        cache.put(KEY._replace(audio=f"{i:064}"), entry(i % 7))
        print(i, flush=True)
"""


def test_a_killed_process_loses_nothing_that_was_put(tmp_path: Path) -> None:
    file = tmp_path / "cache.sqlite"
    command = [sys.executable, "-c", KILLED, str(file), str(Path(__file__).parent)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        while (line := process.stdout.readline()) and int(line) < 500:
            last = int(line)
        process.send_signal(signal.SIGKILL)
        last = max([last, *map(int, process.stdout.read().split())])
    assert process.returncode == -signal.SIGKILL and last >= 499
    with PredictionCache(file) as cache:
        for i in range(last + 1):
            assert_equal(cache.get(KEY._replace(audio=f"{i:064}")), entry(i % 7))


def test_files_that_are_no_cache(tmp_path: Path) -> None:
    text = tmp_path / "text"
    text.write_text("some text " * 1000)
    with pytest.raises(CacheError, match=r"text is not a usable prediction cache .*: remove it"):
        PredictionCache(text)

    foreign = tmp_path / "foreign.sqlite"
    with sqlite3.connect(foreign) as connection:
        connection.execute("CREATE TABLE songs (name)")
    connection.close()
    before = foreign.read_bytes()
    with pytest.raises(CacheError, match="another program: choose another file"):
        PredictionCache(foreign)
    assert foreign.read_bytes() == before

    older = tmp_path / "older.sqlite"
    PredictionCache(older).close()
    with sqlite3.connect(older) as connection:
        connection.execute("PRAGMA user_version = 0")
    connection.close()
    with pytest.raises(CacheError, match="another version of taggram: remove it"):
        PredictionCache(older)

    with pytest.raises(CacheError, match="cannot be used as a cache .*: check its folder"):
        PredictionCache(tmp_path)


def test_a_damaged_cache(tmp_path: Path) -> None:
    file = tmp_path / "cache.sqlite"
    fill(file, 0, 100)
    with file.open("r+b") as content:
        content.seek(8192)
        content.write(b"\xff" * (file.stat().st_size - 8192))
    with PredictionCache(file) as cache, pytest.raises(CacheError, match="remove it"):
        for i in range(100):
            cache.get(KEY._replace(audio=f"{i:064}"))


def test_the_default_cache_is_in_the_data_folder(taggram_home: Path) -> None:
    with PredictionCache() as cache:
        assert cache.file.parent == taggram_home
