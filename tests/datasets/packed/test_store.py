"""Reading a packed store."""

from __future__ import annotations

import pickle
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from pyarrow import parquet

from taggram.datasets import ClipIndex, PackedStore, StoredClip, list_folder, pack
from taggram.errors import DatasetError

from ..conftest import place


@pytest.fixture(scope="module")
def folder(ramps: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    from dataclasses import replace

    index = list_folder(ramps)
    clips = [
        replace(c, split=("train", "valid", "test")[i % 3], labels=("a",) * (i % 2)) for i, c in enumerate(index.clips)
    ]
    made = tmp_path_factory.mktemp("packed") / "store"
    pack(ClipIndex(ramps, tuple(clips[:60])), made, shard_seconds=2)
    return made


@pytest.fixture
def store(folder: Path) -> Iterator[PackedStore]:
    return PackedStore(folder)


def expected(clip: int, start: int, length: int) -> np.ndarray:
    return (place(clip, np.arange(start, start + length)) / 32768).astype(np.float32)


def test_columns_and_clips(store: PackedStore) -> None:
    assert len(store) == len(store.clips) == 60
    assert store.sample_rate == 16000
    assert isinstance(store.clips[4], StoredClip)
    assert store.clips[4] == list(store.clips)[4] == store.clips[3:5][1]
    assert (store.clips[4].id, store.clips[4].split, store.clips[4].length) == ("04.wav", "valid", 9004)
    assert store.clips.labels[:3] == ((), ("a",), ())
    assert len(set(store.clips.shards.tolist())) > 10
    with pytest.raises(IndexError):
        store.clips[60]
    columns = set(parquet.read_schema(store.folder / "manifest.parquet").names)
    assert columns >= {"id", "path", "shard", "offset", "length", "duration", "split", "labels", "hash", "warning"}


def test_select(store: PackedStore) -> None:
    assert store.select().tolist() == list(range(60))
    valid = store.select(split="valid")
    assert valid.dtype == np.int64
    assert valid.tolist() == list(range(1, 60, 3))
    with pytest.raises(DatasetError, match="has no split 'dev'; it has test, train, valid"):
        store.select(split="dev")


def test_read(store: PackedStore) -> None:
    for clip in (0, 7, 59):
        length = store.clips[clip].length
        assert store.read(clip).dtype == np.float32
        np.testing.assert_array_equal(store.read(clip), expected(clip, 0, length))
        np.testing.assert_array_equal(store.read(clip, 100, 50), expected(clip, 100, 50))
        np.testing.assert_array_equal(store.read(clip, length - 10, 50), expected(clip, length - 10, 10))
        assert store.read(clip, length).size == 0
        for start, wanted in ((-1, None), (length + 1, None), (0, -1)):
            with pytest.raises(DatasetError, match="cannot read"):
                store.read(clip, start, wanted)
    store.read(0)[:] = 0  # a copy
    np.testing.assert_array_equal(store.read(0, 0, 20), expected(0, 0, 20))


def test_random_segments_lie_inside_their_clips(store: PackedStore) -> None:
    train = store.select(split="train")
    segments, clips = store.random_segments(train, 8990, 400, np.random.default_rng(1))
    assert segments.shape == (400, 8990)
    assert segments.dtype == np.float32
    assert set(clips.tolist()) == set(train.tolist())
    starts = set()
    for segment, clip in zip(segments, clips.tolist(), strict=True):
        start = (round(float(segment[0]) * 32768) + 32768 - clip * 1009) * pow(7, -1, 65536) % 65536
        assert 0 <= start <= store.clips[clip].length - 8990
        np.testing.assert_array_equal(segment, expected(clip, start, 8990))
        starts.add(start - (store.clips[clip].length - 8990))
    assert 0 in starts  # the last place there is


def test_random_segments_follow_the_seed(store: PackedStore) -> None:
    def draw(seed: int) -> tuple[np.ndarray, np.ndarray]:
        return store.random_segments(store.select(), 300, 30, np.random.default_rng(seed))

    for first, second in zip(draw(5), draw(5), strict=True):
        np.testing.assert_array_equal(first, second)
    assert not np.array_equal(draw(5)[1], draw(6)[1])
    out = np.empty((30, 300), np.float32)
    segments, _ = store.random_segments(store.select(), 300, 30, np.random.default_rng(5), out)
    assert segments is out
    np.testing.assert_array_equal(out, draw(5)[0])


def test_short_clips_are_repeated(store: PackedStore) -> None:
    segments, clips = store.random_segments(np.array([7]), 2500, 3, np.random.default_rng(0))
    assert clips.tolist() == [7, 7, 7]
    once = expected(7, 0, 1000)
    np.testing.assert_array_equal(segments, [np.concatenate([once, once, once[:500]])] * 3)


def test_segments_where_one_wants_them(store: PackedStore) -> None:
    segments = store.segments(np.array([3, 0]), np.array([5, 9000 - 40]), 40)
    np.testing.assert_array_equal(segments, [expected(3, 5, 40), expected(0, 8960, 40)])
    for starts in ([5, 8961], [-1, 0], [0]):
        with pytest.raises(DatasetError, match="cannot start there"):
            store.segments(np.array([3, 0]), np.array(starts), 40)
    with pytest.raises(DatasetError, match="at least 1 sample"):
        store.segments(np.array([3]), np.array([0]), 0)
    with pytest.raises(DatasetError, match="no clips to draw"):
        store.random_segments(np.array([], np.int64), 40, 2, np.random.default_rng(0))


def test_it_can_be_pickled(store: PackedStore) -> None:
    store.read(0)
    copy = pickle.dumps(store)
    assert len(copy) < 1000
    np.testing.assert_array_equal(pickle.loads(copy).read(5), store.read(5))  # noqa: S301 - our own


def test_bad_stores(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="is no packed store: make one with taggram data pack"):
        PackedStore(tmp_path)
    manifest = tmp_path / "manifest.parquet"
    manifest.write_bytes((folder / "manifest.parquet").read_bytes())
    with pytest.raises(DatasetError, match=r"shard-00000\.pcm is missing: the store is damaged"):
        PackedStore(tmp_path)
    for file in folder.glob("*.pcm"):
        (tmp_path / file.name).write_bytes(file.read_bytes()[:-2])
    with pytest.raises(DatasetError, match=r"shard-\d+\.pcm is truncated"):
        PackedStore(tmp_path)
    table = parquet.read_table(manifest)
    for metadata, columns, said in [
        ({"taggram_store": "9", "sample_rate": "16000"}, None, "is a store of version 9, not 1"),
        (None, None, "version ?"),
        ({"taggram_store": "1"}, None, "is malformed"),
        ({"taggram_store": "1", "sample_rate": "16000"}, ["id"], "is malformed"),
    ]:
        parquet.write_table((table.select(columns) if columns else table).replace_schema_metadata(metadata), manifest)
        with pytest.raises(DatasetError) as caught:
            PackedStore(tmp_path)
        assert said in str(caught.value)
    manifest.write_bytes(b"PAR1 not really")
    with pytest.raises(DatasetError, match=r"manifest\.parquet is malformed"):
        PackedStore(tmp_path)


def test_an_empty_store(tmp_path: Path) -> None:
    (tmp_path / "music").mkdir()
    (tmp_path / "music" / "wrong.wav").write_text("no music")
    assert pack(list_folder(tmp_path / "music"), tmp_path / "store").failed == 1
    store = PackedStore(tmp_path / "store")
    assert len(store) == store.select().size == 0
    assert isinstance(parquet.read_table(store.folder / "manifest.parquet"), pa.Table)
