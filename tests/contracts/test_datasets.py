"""What every data set must do; a new one is tested by being registered."""

from __future__ import annotations

import dataclasses
import shutil
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path

import pytest

from taggram.datasets import Dataset, Listing, dataset, list_datasets
from taggram.datasets.protocols import difference, split_hash
from taggram.datasets.quantities import tag_of
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
def known(request: pytest.FixtureRequest) -> Dataset:
    return dataset(request.param)


def groups_in_two_splits(listing: Listing) -> list[str]:
    splits = defaultdict(set)
    for clip in listing.clips:
        if clip.group and clip.split:
            splits[clip.group].add(clip.split)
    return [group for group, its in splits.items() if len(its) > 1]


def within_vocabulary(known: Dataset, folder: Path, protocol: str) -> None:
    listing, vocabulary = known.listing(folder, protocol), known.vocabulary(folder, protocol)
    assert {tag_of(label) for clip in listing.clips for label in clip.labels} <= set(vocabulary.names)
    assert vocabulary == known.vocabulary(folder, protocol)
    assert list(vocabulary.names) == list(known.vocabulary(folder, protocol).names)


def test_it_says_what_it_is(known: Dataset) -> None:
    said = (known.about, known.citation, known.licence, known.obtain, *known.traps)
    for sentence in (*said, *(protocol.about for protocol in known.protocols)):
        assert sentence == " ".join(sentence.split())
        assert len(sentence) > 20 and sentence[-1] in ".)", sentence
    assert known.title.strip() and known.homepage.strip()
    assert known.traps
    assert 0 <= known.seconds[0] < known.seconds[1]


def test_names_of_protocols_are_unique_and_the_usual_one_is_the_first(known: Dataset) -> None:
    names = [protocol.name for protocol in known.protocols]
    assert len(set(names)) == len(names)
    assert known.protocol() is known.protocols[0]
    assert all(known.protocol(name).name == name for name in names)
    for protocol in known.protocols:
        assert protocol.sizes.keys() <= SPLITS and all(size > 0 for size in protocol.sizes.values())


def test_an_unknown_protocol_is_refused_in_words(known: Dataset, samples: Samples) -> None:
    for ask in (known.listing, known.vocabulary):
        with pytest.raises(DatasetError) as caught:
            ask(samples[known.name], "no such")
        assert "\n" not in str(caught.value) and "'no such'" in str(caught.value)
        assert all(protocol.name in str(caught.value) for protocol in known.protocols)


@pytest.mark.parametrize(("name", "protocol"), PROTOCOLS)
def test_the_sample_is_listed(name: str, protocol: str, samples: Samples) -> None:
    known, folder = dataset(name), samples[name]
    listing = known.listing(folder, protocol)
    assert listing.clips and known.listing(folder).clips
    for clip in listing.clips:
        assert clip.path and not Path(clip.path).is_absolute()
        assert listing.file(clip).is_file()
        assert clip.split in SPLITS
        assert len(set(clip.labels)) == len(clip.labels)
    assert any(clip.labels for clip in listing.clips)
    within_vocabulary(known, folder, protocol)


@pytest.mark.parametrize(("name", "protocol"), PROTOCOLS)
def test_a_listing_is_always_the_same_and_cannot_be_changed(
    name: str, protocol: str, samples: Samples, tmp_path: Path
) -> None:
    listing = dataset(name).listing(samples[name], protocol)
    assert listing == dataset(name).listing(samples[name], protocol)
    elsewhere = shutil.copytree(samples[name], tmp_path / "elsewhere", copy_function=lambda a, b: Path(b).symlink_to(a))
    moved = dataset(name).listing(Path(elsewhere), protocol)
    assert moved.clips == listing.clips
    assert split_hash(moved) == split_hash(listing)
    with pytest.raises(dataclasses.FrozenInstanceError):
        listing.clips[0].split = "test"  # type: ignore[misc]
    with pytest.raises(dataclasses.FrozenInstanceError):
        listing.clips = ()  # type: ignore[misc]


@pytest.mark.parametrize(("name", "protocol"), PROTOCOLS)
def test_no_group_is_in_two_splits_unless_the_protocol_owns_up(name: str, protocol: str, samples: Samples) -> None:
    if not dataset(name).protocol(protocol).leaky:
        assert not groups_in_two_splits(dataset(name).listing(samples[name], protocol))


def test_a_sample_is_told_from_the_published_files(known: Dataset, samples: Samples) -> None:
    """A sample has another size or checksum where one is known; nothing else is wrong with it."""
    folder = samples[known.name]
    there = [file for file in known.files if (folder / file.name).is_file()]
    other = [file.name for file in there if file.fault(folder / file.name)]
    assert other or not any(file.sha256 for file in there)
    found = list(known.validate(folder))
    assert len(found) == len(other)
    for name, line in zip(other, found, strict=True):
        assert line.startswith(str(folder / name)) and "is not the published file" in line and "\n" not in line


def test_a_missing_file_is_reported_with_a_remedy(known: Dataset, samples: Samples, tmp_path: Path) -> None:
    for i, missing in enumerate(known.files):
        folder = tmp_path / str(i)
        shutil.copytree(samples[known.name], folder, copy_function=lambda a, b: Path(b).symlink_to(a))
        (folder / missing.name).unlink(missing_ok=True)
        lines = [line for line in known.validate(folder) if "is missing" in line]
        assert lines == (
            [f"{folder / missing.name} is missing: see taggram data describe {known.name}"] if missing.required else []
        )
        said = []
        for protocol in known.protocols:
            try:
                known.listing(folder, protocol.name)
                known.vocabulary(folder, protocol.name)
            except DatasetError as error:
                said.append(str(error))
        assert said or not missing.required
        assert all(Path(missing.name).name in line for line in said)
        assert all("\n" not in line and f"taggram data describe {known.name}" in line for line in said)


def test_nothing_is_found_in_an_empty_folder(known: Dataset, tmp_path: Path) -> None:
    for folder in (tmp_path, tmp_path / "none"):
        for protocol in known.protocols:
            with pytest.raises(DatasetError) as caught:
                known.listing(folder, protocol.name)
            assert str(folder) in str(caught.value) and "\n" not in str(caught.value)


@pytest.mark.parametrize(("name", "protocol"), [(name, one) for name in REAL for one in REAL[name][1]])
def test_the_published_index_has_its_published_sizes(name: str, protocol: str, shared: Path) -> None:
    known, folder = dataset(name), shared / REAL[name][0]
    if not folder.is_dir():
        pytest.skip(f"no {folder}")
    listing = known.listing(folder, protocol)
    assert known.protocol(protocol).sizes
    assert difference(listing, known.protocol(protocol)) == ""
    assert len(listing.clips) == sum(known.protocol(protocol).sizes.values())
    assert listing == known.listing(folder, protocol)
    assert list(known.validate(folder)) == []
    within_vocabulary(known, folder, protocol)
    if not known.protocol(protocol).leaky:
        assert not groups_in_two_splits(listing)
