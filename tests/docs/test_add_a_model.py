"""The tutorial on a model is followed to the letter."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

import taggram


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory, follow: Callable[[str, Path], str]) -> Path:
    """The copy, in which the page was worked through."""
    copy = tmp_path_factory.mktemp("checkout")
    (copy / "printed").write_text(follow("add-a-model.md", copy))
    return copy


def test_what_is_written_passes_the_contract(checkout: Path) -> None:
    (passed,) = re.findall(r"=+ (\d+) passed, \d+ deselected in", (checkout / "printed").read_text())
    assert int(passed) > 10


def test_what_was_trained_tags_without_its_architecture(checkout: Path) -> None:
    assert "tiny_cnn" not in taggram.list_architectures()
    tagger = taggram.Tagger(checkout / "runs" / "lesson" / "model")
    for sound, label in [("22.wav", "low"), ("23.wav", "high")]:
        assert tagger.tag(checkout / "runs" / "lesson" / sound).top(1)[0][0] == label


def test_it_has_a_page(checkout: Path) -> None:
    page = (checkout / "docs" / "models" / "tiny_cnn.md").read_text()
    assert "Two convolutions that reduce the mel bands to one" in page
    assert "| 2 | 32 | (8, 2) | 1 x 15 |" in page
    assert (
        "16 \N{MULTIPLICATION SIGN} 8 \N{MULTIPLICATION SIGN} 31" in (checkout / "docs/models/tiny_cnn.svg").read_text()
    )
    assert "tiny_cnn.md" in (checkout / "docs" / "models" / "index.md").read_text()


def test_a_module_of_ones_own_is_listed(checkout: Path) -> None:
    assert len(re.findall(r"^band_means ", (checkout / "printed").read_text(), re.MULTILINE)) == 2
