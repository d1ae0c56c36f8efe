"""What splits, and what data sets, have in common."""

from __future__ import annotations

import csv
import re
from pathlib import Path

import pytest

from taggram.auditing.overlap import Overlap, between_sets, between_splits, count_unnamed, split_clips
from taggram.datasets import ClipIndex, ClipInfo


def one(found: list[Overlap], kind: str, part: str, other: str) -> Overlap:
    (match,) = (overlap for overlap in found if (overlap.kind, overlap.part, overlap.other) == (kind, part, other))
    return match


def test_between_splits(index) -> None:
    clips = index(
        ("test", "", "The Bots", "First", "Song"),
        ("test", "", "bots", "Second", "Another"),
        ("test", "", "Nobody", "First", "Song"),
        ("train", "", "The Bots", "first", "Song (Live)"),
        ("train", "", "The Bots", "first", "01 - Song"),
        ("train", "", "", "First", "Song"),
    )
    assert [*split_clips(clips)] == ["train", "test"]
    found = between_splits(clips)
    artists = one(found, "artists", "test", "train")
    assert (artists.names, artists.clips, artists.shared, artists.shared_clips) == (2, 3, ("The Bots",), 2)
    assert (artists.exact, artists.exact_clips) == (1, 1)
    albums = one(found, "albums", "test", "train")
    assert (albums.names, albums.shared, albums.shared_clips, albums.exact) == (3, ("The Bots: First",), 1, 0)
    songs = one(found, "songs", "test", "train")
    assert (songs.shared, songs.shared_clips) == (("The Bots: Song",), 1)
    assert count_unnamed(clips) == {"artists": 1, "albums": 0, "songs": 1}


def test_who_does_not_say_is_not_known(index) -> None:
    clips = index(("train", "a"), ("test", "a"), ("test", "a", "Somebody"))
    assert not any(overlap.comparable or overlap.shared for overlap in between_splits(clips))
    assert count_unnamed(clips) == {"artists": 2, "albums": 3, "songs": 3}


def test_between_sets(index) -> None:
    ours = index(("train", "", "Artist", "", "Sonata in C"), ("test", "", "Artist", "", "Other"))
    theirs = index(("train", "", "artist", "", "sonata_in_c_i_allegro"), ("", "", "artist", "", "other"))
    found = between_sets(ours, "big", theirs)
    assert {(o.part, o.other) for o in found} == {
        (a, b) for a in ("all", "train", "test") for b in ("big", "big train")
    }
    assert one(found, "songs", "train", "big train").shared == ("Artist: Sonata in C",)
    assert one(found, "songs", "test", "big train").shared_clips == 0
    assert one(found, "songs", "all", "big").shared_clips == 2
    assert one(found, "artists", "all", "big train").shared_clips == 2


@pytest.fixture(scope="module")
def mtat(shared: Path) -> ClipIndex:
    """The clips of MagnaTagATune's index."""
    pattern = re.compile(r"([0-9a-f])/([^-]+)-([^-]+)-\d+-([^-]+)-\d+-\d+\.mp3")
    splits = {**dict.fromkeys("0123456789ab", "train"), "c": "valid", **dict.fromkeys("def", "test")}
    clips = []
    for line in (shared / "metadata" / "mtat" / "index_mtt.tsv").read_text().splitlines():
        number, path = line.split("\t")
        folder, artist, album, title = pattern.fullmatch(path).groups()
        clips.append(ClipInfo(number, path, splits[folder], artist=artist, album=album, title=title))
    return ClipIndex(Path("mtat"), tuple(clips))


def test_artists_of_magnatagatune_are_in_several_splits(mtat: ClipIndex) -> None:
    found = one(between_splits(mtat), "artists", "test", "train")
    assert (found.exact, found.names) == (45, 75)
    assert found.exact_clips / found.clips == pytest.approx(0.616, abs=5e-4)
    # And one more, who is c_layne in test and c__layne in train.
    assert len(found.shared) == 46 and "c_layne" in found.shared and found.shared_clips == found.exact_clips + 44


def test_recordings_of_emotify_are_in_magnatagatune(mtat: ClipIndex, shared: Path) -> None:
    with (shared / "data" / "emotify" / "labels.tsv").open(encoding="utf-8", newline="") as text:
        rows = list(csv.DictReader(text, delimiter="\t"))
    clips = (
        ClipInfo(row["track_id"], row["path"], row["split"], artist=row["artist"], title=row["title"]) for row in rows
    )
    found = between_sets(ClipIndex(Path("emotify"), tuple(clips)), "mtat", mtat)
    every, test = (one(found, "songs", part, "mtat train") for part in ("all", "test"))
    assert (every.shared_clips, every.clips) == (169, 325)
    assert (test.shared_clips, test.clips) == (38, 70)
