"""gtzan: lists of files, which copies call differently."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from taggram.datasets import dataset
from taggram.datasets.published.gtzan import GENRES
from taggram.errors import DatasetError

GTZAN = dataset("gtzan")


def lists(folder: Path, line: str = "blues/blues.00001.wav") -> Path:
    for split, text in {"train": line, "valid": "rock/rock.00000.wav", "test": "pop/pop.00099.wav"}.items():
        (folder / f"{split}_filtered.txt").write_text(f"{text}\n")
    return folder


def test_without_audio_the_lists_are_enough(tmp_path: Path) -> None:
    clips = GTZAN.index(lists(tmp_path)).clips
    assert [clip.id for clip in clips] == ["blues.00001", "rock.00000", "pop.00099"]
    assert clips[0].path == "genres/blues/blues.00001.wav"
    assert [clip.split for clip in clips] == ["train", "valid", "test"]
    assert [clip.labels for clip in clips] == [("blues",), ("rock",), ("pop",)]


@pytest.mark.parametrize("audio", ["genres/{}.au", "genres/{}.wav", "genres_original/{}.wav"])
def test_copies_call_the_audio_differently(audio: str, tmp_path: Path) -> None:
    file = tmp_path / audio.format("blues/blues.00001")
    file.parent.mkdir(parents=True)
    file.touch()
    index = GTZAN.index(lists(tmp_path))
    assert index.file(index.clips[0]) == file
    assert index.clips[2].path == audio.format("pop/pop.00099")


@pytest.mark.parametrize("line", ["blues.00001.wav", "polka/polka.00001.wav", "blues/rock.00001.wav"])
def test_broken_lists(line: str, tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match=r"train_filtered\.txt is malformed: .* is not like blues/blues\.00000\.wav"):
        GTZAN.index(lists(tmp_path, line))


def test_the_random_split_leaks_and_needs_its_own_lists(tmp_path: Path) -> None:
    assert [protocol.name for protocol in GTZAN.protocols if protocol.leaky] == ["stratified"]
    with pytest.raises(DatasetError, match=r"has no train_stratified\.txt"):
        GTZAN.index(lists(tmp_path), "stratified")


def test_published_lists(shared: Path) -> None:
    clips = GTZAN.index(shared / "metadata" / "gtzan", "filtered").clips
    genres = Counter(clip.labels[0] for clip in clips)
    assert [genres[genre] for genre in GENRES] == [100, 99, 98, 93, 92, 87, 91, 84, 86, 100]
    assert "jazz.00054" in {clip.id for clip in clips if clip.split == "train"}  # as in its known issues
