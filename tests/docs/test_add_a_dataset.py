"""The tutorial on a data set is followed to the letter."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from taggram.datasets import PackedStore, list_datasets


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory, follow: Callable[[str, Path], str]) -> Path:
    """The copy, in which the page was worked through."""
    copy = tmp_path_factory.mktemp("checkout")
    (copy / "printed").write_text(follow("add-a-dataset.md", copy))
    return copy


def test_what_is_written_passes_the_contract(checkout: Path) -> None:
    (passed,) = re.findall(r"=+ (\d+) passed, \d+ deselected in", (checkout / "printed").read_text())
    assert int(passed) >= 9


def test_it_is_known_in_the_copy_alone(checkout: Path) -> None:
    assert "drones" not in list_datasets()
    printed = (checkout / "printed").read_text()
    assert re.search(r"^drones +manual", printed, re.MULTILINE)
    assert "drones: Drones" in printed
    assert "whistles" not in printed.partition("tests/contracts")[0]


def test_what_was_packed_is_what_the_sample_has(checkout: Path) -> None:
    store = PackedStore(checkout / "runs" / "lesson" / "drones-store")
    assert [clip.id for clip in store.clips] == [f"audio/{i}.wav" for i in range(8)]
    assert list(store.clips.splits) == ["train"] * 4 + ["valid"] * 2 + ["test"] * 2
    assert store.clips[2].labels == ("hummed", "bowed")
    assert store.clips.lengths.tolist() == [48000] * 8


def test_a_module_of_ones_own_is_described(checkout: Path) -> None:
    printed = (checkout / "printed").read_text()
    assert "whistles: Whistles" in printed
    assert printed.count("protocol sounds: 4 train, 2 valid, 2 test") >= 2
