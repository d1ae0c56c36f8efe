"""Tests that all registered data sets share."""

from __future__ import annotations

import dataclasses
import shutil
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path

import pytest

from taggram.datasets import ClipIndex, Dataset, dataset, list_datasets
from taggram.datasets.graded_labels import tag_of
from taggram.datasets.split_hash import size_mismatch, split_hash
from taggram.errors import DatasetError

SPLITS = {"train", "valid", "test", ""}  # empty: not in any, or the set has none
PROTOCOLS = [(name, protocol.name) for name in list_datasets() for protocol in dataset(name).protocols]
# Below the shared folder: where the published index lies, and the protocols that can be listed with what is there.
REAL = {
    "emotify": ("data/emotify", ("emotions", "shares", "genres")),
    "gtzan": ("metadata/gtzan", ("filtered",)),
    "mer4q": ("data/mer4q", ("genres", "moods", "quadrant")),
    "mtat": ("metadata/mtat", ("full", "clean")),
    "mtg_jamendo": ("metadata/mtg_jamendo", ("top50-split0",)),
}


class Samples(dict[str, Path]):
    """The folder with the sample of each data set, which is written when it is asked for."""

    def __init__(self, make_folder: Callable[[str], Path]) -> None:
        self._make_folder = make_folder

    def __missing__(self, name: str) -> Path:
        self[name] = self._make_folder(name)
        dataset(name).write_sample(self[name])
        return self[name]


@pytest.fixture(scope="module")
def samples(tmp_path_factory: pytest.TempPathFactory) -> Samples:
    return Samples(tmp_path_factory.mktemp)


@pytest.fixture(params=list_datasets())
def data(request: pytest.FixtureRequest) -> Dataset:
    return dataset(request.param)


def groups_in_two_splits(index: ClipIndex) -> list[str]:
    splits = defaultdict(set)
    for clip in index.clips:
        if clip.group and clip.split:
            splits[clip.group].add(clip.split)
    return [group for group, its in splits.items() if len(its) > 1]


def within_vocabulary(data: Dataset, folder: Path, protocol: str) -> None:
    index, vocabulary = data.index(folder, protocol), data.vocabulary(folder, protocol)
    assert {tag_of(label) for clip in index.clips for label in clip.labels} <= set(vocabulary.names)
    assert vocabulary == data.vocabulary(folder, protocol)
    assert list(vocabulary.names) == list(data.vocabulary(folder, protocol).names)


def test_descriptions_are_complete(data: Dataset) -> None:
    texts = (data.about, data.citation, data.licence, data.how_to_get, *data.known_issues)
    for sentence in (*texts, *(protocol.about for protocol in data.protocols)):
        assert sentence == " ".join(sentence.split())
        assert len(sentence) > 20 and sentence[-1] in ".)", sentence
    assert data.title.strip() and data.homepage.strip()
    assert data.known_issues
    assert 0 <= data.seconds[0] < data.seconds[1]


def test_names_of_protocols_are_unique_and_the_usual_one_is_the_first(data: Dataset) -> None:
    names = [protocol.name for protocol in data.protocols]
    assert len(set(names)) == len(names)
    assert data.protocol() is data.protocols[0]
    assert all(data.protocol(name).name == name for name in names)
    for protocol in data.protocols:
        assert protocol.sizes.keys() <= SPLITS and all(size > 0 for size in protocol.sizes.values())


def test_an_unknown_protocol_is_refused_in_words(data: Dataset, samples: Samples) -> None:
    for ask in (data.index, data.vocabulary):
        with pytest.raises(DatasetError) as caught:
            ask(samples[data.name], "no such")
        assert "\n" not in str(caught.value) and "'no such'" in str(caught.value)
        assert all(protocol.name in str(caught.value) for protocol in data.protocols)


@pytest.mark.parametrize(("name", "protocol"), PROTOCOLS)
def test_the_sample_is_indexed(name: str, protocol: str, samples: Samples) -> None:
    data, folder = dataset(name), samples[name]
    index = data.index(folder, protocol)
    assert index.clips and data.index(folder).clips
    for clip in index.clips:
        assert clip.path and not Path(clip.path).is_absolute()
        assert index.file(clip).is_file()
        assert clip.split in SPLITS
        assert len(set(clip.labels)) == len(clip.labels)
    assert any(clip.labels for clip in index.clips)
    within_vocabulary(data, folder, protocol)


@pytest.mark.parametrize(("name", "protocol"), PROTOCOLS)
def test_an_index_is_deterministic_and_immutable(name: str, protocol: str, samples: Samples, tmp_path: Path) -> None:
    index = dataset(name).index(samples[name], protocol)
    assert index == dataset(name).index(samples[name], protocol)
    elsewhere = shutil.copytree(samples[name], tmp_path / "elsewhere", copy_function=lambda a, b: Path(b).symlink_to(a))
    moved = dataset(name).index(Path(elsewhere), protocol)
    assert moved.clips == index.clips
    assert split_hash(moved) == split_hash(index)
    with pytest.raises(dataclasses.FrozenInstanceError):
        index.clips[0].split = "test"  # type: ignore[misc]
    with pytest.raises(dataclasses.FrozenInstanceError):
        index.clips = ()  # type: ignore[misc]


@pytest.mark.parametrize(("name", "protocol"), PROTOCOLS)
def test_no_group_is_in_two_splits_unless_the_protocol_is_leaky(name: str, protocol: str, samples: Samples) -> None:
    if not dataset(name).protocol(protocol).leaky:
        assert not groups_in_two_splits(dataset(name).index(samples[name], protocol))


def test_a_sample_is_told_from_the_published_files(data: Dataset, samples: Samples) -> None:
    """A sample differs from the published files in size or checksum, if these are known, and in nothing else."""
    folder = samples[data.name]
    there = [file for file in data.files if (folder / file.name).is_file()]
    other = [file.name for file in there if file.mismatch(folder / file.name)]
    assert other or not any(file.sha256 for file in there)
    lines = list(data.check_files(folder))
    assert len(lines) == len(other)
    for name, line in zip(other, lines, strict=True):
        assert line.startswith(str(folder / name)) and "is not the published file" in line and "\n" not in line


def test_a_missing_file_is_reported_with_a_remedy(data: Dataset, samples: Samples, tmp_path: Path) -> None:
    for i, missing in enumerate(data.files):
        folder = tmp_path / str(i)
        shutil.copytree(samples[data.name], folder, copy_function=lambda a, b: Path(b).symlink_to(a))
        (folder / missing.name).unlink(missing_ok=True)
        lines = [line for line in data.check_files(folder) if "is missing" in line]
        assert lines == (
            [f"{folder / missing.name} is missing: see taggram data info {data.name}"] if missing.required else []
        )
        errors = []
        for protocol in data.protocols:
            try:
                data.index(folder, protocol.name)
                data.vocabulary(folder, protocol.name)
            except DatasetError as error:
                errors.append(str(error))
        assert errors or not missing.required
        assert all(Path(missing.name).name in line for line in errors)
        assert all("\n" not in line and f"taggram data info {data.name}" in line for line in errors)


def test_nothing_is_found_in_an_empty_folder(data: Dataset, tmp_path: Path) -> None:
    for folder in (tmp_path, tmp_path / "none"):
        for protocol in data.protocols:
            with pytest.raises(DatasetError) as caught:
                data.index(folder, protocol.name)
            assert str(folder) in str(caught.value) and "\n" not in str(caught.value)


@pytest.mark.parametrize(("name", "protocol"), [(name, one) for name in REAL for one in REAL[name][1]])
def test_the_published_index_has_its_published_sizes(name: str, protocol: str, shared: Path) -> None:
    data, folder = dataset(name), shared / REAL[name][0]
    if not folder.is_dir():
        pytest.skip(f"no {folder}")
    index = data.index(folder, protocol)
    assert data.protocol(protocol).sizes
    assert size_mismatch(index, data.protocol(protocol)) == ""
    assert len(index.clips) == sum(data.protocol(protocol).sizes.values())
    assert index == data.index(folder, protocol)
    assert list(data.check_files(folder)) == []
    within_vocabulary(data, folder, protocol)
    if not data.protocol(protocol).leaky:
        assert not groups_in_two_splits(index)
