"""fma: columns on two and three levels, subsets within subsets, roots of genres, and what was made of valence."""

from __future__ import annotations

import shutil
from collections import Counter
from pathlib import Path

import pytest

from taggram.datasets import dataset
from taggram.datasets.published._multi_level_csv import write_levels
from taggram.datasets.published.fma import ECHONEST, GENRES, SIX_GENRES, TRACKS
from taggram.errors import DatasetError

FMA = dataset("fma")


def write(folder: Path, tracks: list[list[str]], features: list[list[str]] | None = None) -> Path:
    metadata = folder / "fma_metadata"
    metadata.mkdir(exist_ok=True)
    roots = [[str(10 + i), "0", title] for i, title in enumerate(SIX_GENRES)]
    write_levels(metadata / "genres.csv", GENRES, "genre_id", [*roots, ["90", "10", "Punk"], ["91", "90", "Oi"]])
    write_levels(metadata / "tracks.csv", TRACKS, "track_id", tracks)
    write_levels(metadata / "echonest.csv", ECHONEST, "track_id", features or [])
    return folder


def track(number: int, subset: str = "small", split: str = "training", genres: str = "[10]") -> list[str]:
    return [str(number), subset, split, genres, str(number // 10), f"Artist {number}", "Album", f"Title {number}"]


def test_a_track(tmp_path: Path) -> None:
    (clip,) = FMA.index(write(tmp_path, [track(12345, split="validation", genres="[90, 11, 10, 91]")])).clips
    assert (clip.id, clip.path, clip.split) == ("12345", "fma_small/012/012345.mp3", "valid")
    assert clip.labels == ("Pop", "Rock")  # the roots, not Punk and Oi
    assert (clip.group, clip.artist, clip.album, clip.title) == ("1234", "Artist 12345", "Album", "Title 12345")


def test_each_subset_holds_the_smaller_ones(tmp_path: Path) -> None:
    write(tmp_path, [track(1, "large"), track(2, "small"), track(3, "medium"), track(4, "large", genres="[]")])
    listed = {name: [clip.id for clip in FMA.index(tmp_path, name).clips] for name in ("small", "medium", "large")}
    assert listed == {"small": ["2"], "medium": ["2", "3"], "large": ["1", "2", "3", "4"]}
    assert FMA.index(tmp_path, "full").clips[3].labels == ()
    assert FMA.index(tmp_path, "full").clips[3].path == "fma_full/000/000004.mp3"


def test_audio_is_taken_of_the_smallest_archive_that_is_there(tmp_path: Path) -> None:
    write(tmp_path, [track(1)])
    for archive in ("fma_large", "fma_medium", "fma_small"):
        (tmp_path / archive).mkdir()
        assert FMA.index(tmp_path, "small").clips[0].path.startswith(f"{archive}/")
    assert FMA.index(tmp_path, "medium").clips[0].path.startswith("fma_medium/")
    assert FMA.index(tmp_path, "full").clips[0].path.startswith("fma_full/")


def test_metadata_may_lie_beside_the_audio(tmp_path: Path) -> None:
    write(tmp_path, [track(1)])
    shutil.copytree(tmp_path / "fma_metadata", tmp_path, dirs_exist_ok=True)
    shutil.rmtree(tmp_path / "fma_metadata")
    assert len(FMA.index(tmp_path).clips) == 1


def test_quantities_of_those_that_have_them(tmp_path: Path) -> None:
    write(tmp_path, [track(1), track(2, "large")], [["2", "0.5766609880", "1.0000000000", "0.0"], ["9", "0", "0", "0"]])
    (clip,) = FMA.index(tmp_path, "echonest").clips
    assert (clip.id, clip.labels) == ("2", ("valence=0.576661", "energy=1", "danceability=0"))


def test_six_genres_and_three_moods(tmp_path: Path) -> None:
    valences = ["0.2999999999", "0.3", "0.5999999999", "0.6", "1.0"]
    few = [track(i + 1, ("small", "medium")[i % 2], genres=f"[{10 + i}]") for i in range(5)]
    rock = [track(100 + i) for i in range(100)]  # one genre has more than 75
    without = [track(50), track(51, "large"), track(52, genres="[]")]  # no valence, not of the medium subset, no genre
    features = [[row[0], valence, "0", "0"] for row, valence in zip(few, valences, strict=True)]
    features += [[row[0], "0.1", "0", "0"] for row in (*rock, *without[1:])]
    index = FMA.index(write(tmp_path, [*few, *without, *rock], features), "genre-mood")
    assert [clip.labels for clip in index.clips[:5]] == [
        ("Rock", "sad"),
        ("Pop", "neutral"),
        ("Hip-Hop", "neutral"),
        ("Instrumental", "happy"),
        ("Electronic", "happy"),
    ]
    assert Counter(clip.labels[0] for clip in index.clips)["Rock"] == 75
    assert [clip.id for clip in index.clips[5:]] == [str(100 + i) for i in range(74)]
    assert FMA.vocabulary(tmp_path, "genre-mood").names == (*SIX_GENRES, "sad", "neutral", "happy")


@pytest.mark.parametrize(
    ("tracks", "features", "said"),
    [
        ([track(1, "tiny")], [], "tracks.csv is malformed: track '1' has no valid subset and split"),
        ([track(1, split="dev")], [], "tracks.csv is malformed: track '1' has no valid subset and split"),
        ([track(1, genres="Rock")], [], "tracks.csv is malformed: track 1 has the genres 'Rock'"),
        ([track(1, genres="7")], [], "tracks.csv is malformed: track 1 has the genres '7'"),
        ([track(1)], [["1", "1.5", "0", "0"]], "valence must be a number between 0 and 1, not '1.5'"),
        ([track(1)], [["1", "0", "nan", "0"]], "energy must be a number between 0 and 1, not 'nan'"),
        ([track(1)], [["1", "0", "0", ""]], "danceability must be a number between 0 and 1, not ''"),
    ],
)
def test_broken_metadata(tracks: list[list[str]], features: list[list[str]], said: str, tmp_path: Path) -> None:
    write(tmp_path, tracks, features)
    with pytest.raises(DatasetError) as caught:
        FMA.index(tmp_path, "genre-mood")
    assert said in str(caught.value) and "\n" not in str(caught.value)


def test_echonest_is_needed_for_what_is_made_of_it_alone(tmp_path: Path) -> None:
    (write(tmp_path, [track(1)]) / "fma_metadata" / "echonest.csv").unlink()
    assert FMA.index(tmp_path, "small").clips
    with pytest.raises(DatasetError, match=r"has no fma_metadata/echonest\.csv or echonest\.csv"):
        FMA.index(tmp_path, "echonest")


def test_pandas_reads_as_the_authors_do(tmp_path: Path) -> None:
    pandas = pytest.importorskip("pandas")
    metadata = write(tmp_path, [track(1), track(2, "large")], [["2", "0.5", "0.5", "0.5"]]) / "fma_metadata"
    tracks = pandas.read_csv(metadata / "tracks.csv", index_col=0, header=[0, 1])
    echonest = pandas.read_csv(metadata / "echonest.csv", index_col=0, header=[0, 1, 2])
    genres = pandas.read_csv(metadata / "genres.csv", index_col=0)
    assert tracks["set", "subset"].to_dict() == {1: "small", 2: "large"}
    assert echonest["echonest", "audio_features", "valence"].to_dict() == {2: 0.5}
    assert genres.loc[genres["parent"] == 0, "title"].tolist() == list(SIX_GENRES)
