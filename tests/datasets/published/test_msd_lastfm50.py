"""The Million Song Dataset with Last.fm's tags: the published lists, and the sample."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from taggram.datasets import Dataset, dataset
from taggram.datasets.split_hash import size_mismatch, split_sizes
from taggram.errors import DatasetError


@pytest.fixture(scope="module")
def data() -> Dataset:
    return dataset("msd_lastfm50")


@pytest.fixture(scope="module")
def published(shared: Path) -> Path:
    return shared / "metadata" / "msd_lastfm50"


@pytest.fixture
def one(tmp_path: Path) -> Path:
    """A folder with one song of test."""
    (tmp_path / "test_x_msd_id.txt").write_text("TRAADIN128F931D672\n")
    np.save(tmp_path / "test_y.npy", np.eye(50, dtype=bool)[[32]])
    return tmp_path


def test_sizes_are_the_published_ones(data: Dataset, published: Path) -> None:
    index = data.index(published)
    assert split_sizes(index) == {"valid": 12_634, "test": 28_540}
    assert size_mismatch(index, data.protocol()) == "published are 201680 in train (here 0)"
    sizes = {file.name: file.size for file in data.files}
    assert sizes["train_x_msd_id.txt"] == 201_680 * len("TRAADIN128F931D672\n")
    assert all(clip.labels for clip in index.clips), "every song has a tag"
    assert list(data.check_files(published)) == []


def test_the_vocabulary_is_in_the_order_of_the_columns(data: Dataset, published: Path) -> None:
    assert list(data.vocabulary(published).names) == (published / "50tagList.txt").read_text().splitlines()


def test_labels_are_those_of_the_array(data: Dataset, published: Path) -> None:
    index = data.index(published)
    truth = np.concatenate([np.load(published / f"{split}_y.npy") for split in ("valid", "test")])
    names = data.vocabulary(published).names
    for i in range(0, len(truth), 997):
        assert index.clips[i].labels == tuple(name for name, true in zip(names, truth[i], strict=True) if true)
    assert sum(len(clip.labels) for clip in index.clips) == truth.sum()


def test_files_are_named_after_ids(data: Dataset, one: Path) -> None:
    (clip,) = data.index(one).clips
    assert (clip.id, clip.path) == ("TRAADIN128F931D672", "A/A/D/TRAADIN128F931D672.mp3")
    assert (clip.split, clip.labels, clip.group) == ("test", ("guitar",), "")


def test_files_are_named_after_previews(data: Dataset, one: Path) -> None:
    (one / "test_x_filename.txt").write_text("3/9/3974574.npy\n")
    assert data.index(one).clips[0].path == "3/9/3974574.clip.mp3"


def test_the_sample(data: Dataset, tmp_path: Path) -> None:
    data.write_sample(tmp_path)
    index = data.index(tmp_path)
    assert split_sizes(index) == {"train": 1, "valid": 1, "test": 1}
    assert all(index.file(clip).is_file() for clip in index.clips)
    assert index.clips[0].labels == ("rock", "guitar")


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("test_x_msd_id.txt", b"TRA\nTRB\n", r"test_y\.npy has 1 songs, test_x_msd_id\.txt 2"),
        ("test_x_filename.txt", b"1.npy\n2.npy\n", r"test_x_filename\.txt has 2 songs, test_x_msd_id\.txt 1"),
        ("test_y.npy", b"nothing", r"test_y\.npy cannot be read"),
        ("test_y.npy", b"", r"test_y\.npy cannot be read"),
        ("test_x_msd_id.txt", b"\xff\n", r"test_x_msd_id\.txt is not UTF-8 text"),
    ],
)
def test_bad_files(data: Dataset, one: Path, name: str, content: bytes, said: str) -> None:
    (one / name).write_bytes(content)
    with pytest.raises(DatasetError, match=said):
        data.index(one)


def test_arrays_of_another_kind_are_refused(data: Dataset, one: Path) -> None:
    np.save(one / "test_y.npy", np.zeros((1, 49)))
    with pytest.raises(DatasetError, match="is not a table of songs and 50 tags"):
        data.index(one)
    np.save(one / "test_y.npy", np.array([{"code": "run me"}], object), allow_pickle=True)
    with pytest.raises(DatasetError, match="cannot be read"):
        data.index(one)
    (one / "test_y.npy").unlink()
    with pytest.raises(DatasetError, match=r"has no test_y\.npy: taggram data info msd_lastfm50"):
        data.index(one)


def test_an_empty_folder(data: Dataset, tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match=r"has no train_x_msd_id\.txt or valid_x_msd_id\.txt or"):
        data.index(tmp_path)
