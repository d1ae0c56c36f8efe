"""MTG-Jamendo: the published tables of split 0, and the sample in the published layout."""

from __future__ import annotations

import csv
import shutil
from pathlib import Path

import pytest

from taggram.datasets import ClipIndex, Dataset, dataset
from taggram.datasets.split_hash import size_mismatch, split_sizes
from taggram.errors import DatasetError
from taggram.vocabularies import Vocabulary

HEADER = "TRACK_ID\tARTIST_ID\tALBUM_ID\tPATH\tDURATION\tTAGS"
ROW = "track_0000215\tartist_000014\talbum_000031\t15/215.mp3\t151.4\tgenre---metal"


@pytest.fixture(scope="module")
def data() -> Dataset:
    return dataset("mtg_jamendo")


@pytest.fixture(scope="module")
def published(shared: Path) -> Path:
    return shared / "metadata" / "mtg_jamendo"


@pytest.fixture(scope="module")
def index(data: Dataset, published: Path) -> ClipIndex:
    return data.index(published)


@pytest.fixture(scope="module")
def sample(data: Dataset, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("jamendo")
    data.write_sample(folder)
    return folder


@pytest.fixture
def flat(tmp_path: Path) -> Path:
    """A folder with the three tables of split 0, of one track each."""
    for i, split in enumerate(("train", "validation", "test")):
        row = ROW.replace("215", f"{215 + i}")
        (tmp_path / f"autotagging_top50tags-{split}.tsv").write_bytes(f"{HEADER}\r\n{row}\r\n".encode())
    return tmp_path


def test_sizes_are_the_published_ones(data: Dataset, index: ClipIndex) -> None:
    assert split_sizes(index) == {"train": 32_136, "valid": 10_888, "test": 11_356}
    assert len(index.clips) == 54_380, "as the authors count tracks with one of the 50 tags"
    assert size_mismatch(index, data.protocol()) == ""


def test_the_vocabulary_is_the_published_one(data: Dataset, published: Path, index: ClipIndex) -> None:
    names = data.vocabulary(published).names
    assert list(names) == (published / "top50.txt").read_text().splitlines()
    assert {label for clip in index.clips for label in clip.labels} == set(names)


def test_rows_are_read_as_they_are(published: Path, index: ClipIndex) -> None:
    with (published / "autotagging_top50tags-validation.tsv").open(newline="") as text:
        rows = list(csv.reader(text, delimiter="\t"))[1:]
    clips = [clip for clip in index.clips if clip.split == "valid"]
    assert [[clip.id, clip.artist, clip.album, clip.path, *clip.labels] for clip in clips] == [
        [*row[:4], *row[5:]] for row in rows
    ]


def test_no_artist_is_in_two_splits(index: ClipIndex) -> None:
    splits: dict[str, set[str]] = {}
    for clip in index.clips:
        splits.setdefault(clip.group, set()).add(clip.split)
    assert len(splits) == 2_110 + 705 + 702
    assert all(len(found) == 1 for found in splits.values())


def test_published_files_are_recognised(data: Dataset, published: Path, tmp_path: Path) -> None:
    folder = tmp_path / "data" / "splits" / "split-0"
    folder.mkdir(parents=True)
    for split in ("train", "validation", "test"):
        shutil.copy(published / f"autotagging_top50tags-{split}.tsv", folder)
    assert list(data.check_files(tmp_path)) == []
    assert split_sizes(data.index(tmp_path)) == split_sizes(data.index(published))
    with (folder / "autotagging_top50tags-test.tsv").open("a") as text:
        text.write("\n")
    (line,) = data.check_files(tmp_path)
    assert line.endswith("autotagging_top50tags-test.tsv is not the published file: its SHA-256 differs")


def test_the_sample_has_every_protocol(data: Dataset, sample: Path) -> None:
    assert [protocol.name for protocol in data.protocols][:6] == [
        *(f"top50-split{n}" for n in range(5)),
        "genre-split0",
    ]
    assert len(data.protocols) == 20
    tests = set()
    for protocol in data.protocols:
        index = data.index(sample, protocol.name)
        assert set(split_sizes(index)) == {"train", "valid", "test"}
        assert all(index.file(clip).is_file() for clip in index.clips)
        tags = data.vocabulary(sample, protocol.name).tags
        assert all(tag in tags for clip in index.clips for tag in clip.labels)
        if protocol.name.startswith("genre"):
            tests.add(tuple(clip.id for clip in index.clips if clip.split == "test"))
            assert tags == {"genre---funk": "genre", "genre---jazz": "genre", "genre---rock": "genre"}
    assert len(tests) == 4, "splits differ"


def test_categories_are_those_of_the_prefix(data: Dataset, sample: Path) -> None:
    assert data.vocabulary(sample, "instrument-split2").tags == {
        "instrument---guitar": "instrument",
        "instrument---piano": "instrument",
    }
    assert set(data.vocabulary(sample, "moodtheme-split4").tags.values()) == {"mood"}
    assert data.vocabulary(sample, "top50-split3") == Vocabulary.from_names("jamendo")


def test_voice_is_no_instrument(data: Dataset, tmp_path: Path) -> None:
    folder = tmp_path / "data" / "splits" / "split-1"
    folder.mkdir(parents=True)
    for i, split in enumerate(("train", "validation", "test")):
        row = ROW.replace("215", f"{215 + i}").replace("genre---metal", "instrument---voice\tinstrument---oboe")
        (folder / f"autotagging_instrument-{split}.tsv").write_text(f"{HEADER}\n{row}\n")
    assert data.vocabulary(tmp_path, "instrument-split1").tags == {
        "instrument---oboe": "instrument",
        "instrument---voice": "voice",
    }


def test_where_audio_lies(data: Dataset, flat: Path) -> None:
    assert data.index(flat).clips[0].path == "15/215.mp3"
    (flat / "audio-low").mkdir()
    assert data.index(flat).clips[0].path == "audio-low/15/215.low.mp3"
    (flat / "audio").mkdir()
    assert data.index(flat).clips[0].path == "audio/15/215.mp3"


def test_only_split_0_may_lie_flat(data: Dataset, flat: Path) -> None:
    with pytest.raises(DatasetError, match=r"has no data/splits/split-1/autotagging_top50tags-train\.tsv: taggram"):
        data.index(flat, "top50-split1")
    with pytest.raises(DatasetError, match="mtg_jamendo has no protocol 'top50'"):
        data.index(flat, "top50")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "is not the published table: its columns must be TRACK_ID, ARTIST_ID"),
        (f"{ROW}\n", "is not the published table"),
        (f"{HEADER}\n{ROW}\ntrack_0000216\tartist\n", "is truncated or damaged in line 3"),
    ],
)
def test_bad_tables(data: Dataset, flat: Path, text: str, said: str) -> None:
    file = flat / "autotagging_top50tags-test.tsv"
    file.write_text(text)
    with pytest.raises(DatasetError) as caught:
        data.index(flat)
    assert str(caught.value).startswith(f"{file} {said}")
