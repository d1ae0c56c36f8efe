"""table: anybody's table or folder, as a data set like all others."""

from __future__ import annotations

from pathlib import Path

import pytest

from taggram.datasets import dataset, list_folder, list_table
from taggram.datasets.graded_labels import tag_of
from taggram.errors import DatasetError

TABLE = dataset("table")


def test_a_table(tmp_path: Path) -> None:
    file = tmp_path / "mine.csv"
    file.write_text(
        "path,labels,split\na.wav,slow;calm,train\nb.wav,calm;valence=0.2,test\nc.wav,valence=0.9;a=b,test\n"
    )
    assert TABLE.index(file) == list_table(file)
    vocabulary = TABLE.vocabulary(file)
    assert vocabulary.name == "mine"
    assert vocabulary.names == ("calm", "valence", "a=b", "slow")  # by frequency, then by name
    assert set(vocabulary.tags.values()) == {"other"}


def test_a_folder_for_each_tag(tmp_path: Path) -> None:
    TABLE.write_sample(tmp_path)
    assert TABLE.index(tmp_path) == list_folder(tmp_path, folders_are_tags=True)
    assert TABLE.vocabulary(tmp_path).names == ("quiet", "slow")


def test_nothing_to_learn(tmp_path: Path) -> None:
    (tmp_path / "mine.csv").write_text("path\na.wav\n")
    with pytest.raises(DatasetError, match=r"mine\.csv has no labels: add a column labels to the table"):
        TABLE.vocabulary(tmp_path / "mine.csv")


@pytest.mark.parametrize(
    ("label", "tag"),
    [
        ("jazz", "jazz"),
        ("x=0", "x"),
        ("x=1.0", "x"),
        ("x=1.1", "x=1.1"),
        ("x=y", "x=y"),
        ("=0.5", "=0.5"),
        ("a=b=1", "a=b"),
    ],
)
def test_tags_of_labels(label: str, tag: str) -> None:
    assert tag_of(label) == tag
