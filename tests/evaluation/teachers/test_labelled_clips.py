"""Labelled clips are those of the data sets, with labels in the committed map."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from taggram.datasets import dataset
from taggram.evaluation.teachers.labelled_clips import LabelledClips, label_names
from taggram.vocabularies import VocabularyMap

QUADRANTS = ("Q1", "Q2", "Q3", "Q4")


@pytest.mark.parametrize("name", ["mer4q", "emotify"])
def test_clips_are_the_rows_of_the_table(name: str, tmp_path: Path) -> None:
    dataset(name).write_sample(tmp_path)
    clips = LabelledClips.from_dataset(name, tmp_path)
    with (tmp_path / "labels.tsv").open(encoding="utf-8", newline="") as text:
        rows = list(csv.DictReader(text, delimiter="\t"))
    assert clips.files == tuple(tmp_path / row["path"] for row in rows)
    for column, values in (("artist", clips.artists), ("title", clips.titles), ("split", clips.splits)):
        assert values.tolist() == [row[column] for row in rows]
    genre, kind = {"mer4q": ("genres", "quadrant"), "emotify": ("genre", "genre")}[name]
    assert clips.classes.tolist() == [row[kind] for row in rows]
    for row, genres, moods in zip(rows, clips.genres, clips.moods, strict=True):
        assert genres == {f"{name}/{label}" for label in row[genre].split(";")}
        assert moods == ({f"{name}/{label}" for label in row["moods"].split(";")} if name == "mer4q" else set())
    matrix = clips.label_matrix(label_names(clips.genres))
    assert matrix.sum(axis=1).tolist() == [len(genres) for genres in clips.genres]
    assert clips.in_splits("valid", "test").sum() == 2


def test_the_committed_map_fits_the_data(shared: Path, label_map: VocabularyMap) -> None:
    mer4q, emotify = (LabelledClips.from_dataset(name, shared / "data" / name) for name in ("mer4q", "emotify"))
    assert len(mer4q) == 809 and len(label_names(mer4q.genres)) == 21
    assert set(label_names(mer4q.genres) + label_names(emotify.genres)) <= set(label_map.source.names)
    words = [name for name in label_map.source.names if name.startswith("mer4q/") and name[6:] not in QUADRANTS]
    assert mer4q.label_matrix(words).any(axis=0).all()
    assert set(words) >= set(label_names(mer4q.genres))
