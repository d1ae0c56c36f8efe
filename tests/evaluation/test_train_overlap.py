"""Overlap with a training split, by artist and title in the spelling of either source."""

from __future__ import annotations

from pathlib import Path

from taggram.datasets import ClipIndex, ClipInfo, dataset
from taggram.evaluation.teachers.labelled_clips import LabelledClips
from taggram.evaluation.train_overlap import train_overlap


def test_a_title_that_begins_as_another_one_is_of_the_same_recording() -> None:
    clips = (
        ClipInfo("1", "1.mp3", "train", artist="the_artist", title="a_title_i_allegro"),
        ClipInfo("2", "2.mp3", "test", artist="the_artist", title="another"),
    )
    mtat = ClipIndex(Path(), clips)
    titles = ["A title", "A Title: I. Allegro (2004)", "Another", "Title"]
    assert train_overlap(["The Artist"] * 4, titles, mtat).tolist() == [True, True, False, False]
    assert train_overlap(["Other"], ["A title"], mtat).tolist() == [False]


def test_recordings_of_emotify_in_magnatagatune(shared: Path) -> None:
    clips = LabelledClips.from_dataset("emotify", shared / "data" / "emotify")
    overlap = train_overlap(clips.artists, clips.titles, dataset("mtat").index(shared / "metadata" / "mtat"))
    assert (len(overlap), overlap.sum(), overlap[clips.in_splits("test")].sum()) == (325, 169, 38)
