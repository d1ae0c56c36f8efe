"""Search, similar tracks, playlists and duplicates, on tracks whose tags and embeddings are known."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator

import numpy as np
import pytest

from taggram.errors import LibraryError
from taggram.library import Library
from taggram.library.store import LibraryStore

Add = Callable[..., str]


@pytest.fixture
def library(store: LibraryStore) -> Iterator[Library]:
    with Library(store.file) as opened:
        yield opened


def titles(tracks: object) -> list[str]:
    return [track.path for track in tracks]  # type: ignore[attr-defined]


def at(degrees: float) -> tuple[float, float]:
    return math.cos(math.radians(degrees)), math.sin(math.radians(degrees))


def test_tracks_with_the_wanted_tags_come_first(add: Add, library: Library) -> None:
    add("/both.mp3", "piano", "jazz")
    add("/piano.mp3", "piano")
    add("/neither.mp3", "rock")
    add("/silent.mp3", "piano", "jazz", silent=True)
    found = library.search("jazz piano").hits
    assert titles(entry.track for entry in found) == ["/both.mp3", "/piano.mp3", "/neither.mp3"]
    assert set(found[0].probabilities) == {"jazz", "piano"}
    assert found[0].probabilities["jazz"] > 0.9 > 0.1 > found[1].probabilities["jazz"]
    assert titles(entry.track for entry in library.search("piano -jazz", n=1).hits) == ["/piano.mp3"]


def test_a_least_level_holds_for_every_word(add: Add, library: Library) -> None:
    add("/both.mp3", "piano", "jazz")
    add("/piano.mp3", "piano")
    result = library.search("piano jazz", level="likely")
    assert (titles(entry.track for entry in result.hits), result.matches) == (["/both.mp3"], 1)
    assert titles(entry.track for entry in library.search("piano -jazz", level="sure").hits) == ["/piano.mp3"]


def test_conditions_leave_tracks_out(add: Add, library: Library) -> None:
    add("/old.mp3", "piano", artist="Bill Evans", year=1959)
    add("/new.mp3", "piano", artist="Brad Mehldau", year=1999)
    add("/untagged.mp3", "piano")
    for query, expected in {
        "piano artist:evans": ["/old.mp3"],
        "piano year:1990-": ["/new.mp3"],
        "-artist:evans": ["/new.mp3", "/untagged.mp3"],
        "artist:nobody": [],
    }.items():
        assert titles(entry.track for entry in library.search(query).hits) == expected


def test_what_is_not_there_is_said(add: Add, library: Library, store: LibraryStore) -> None:
    with pytest.raises(LibraryError, match="the library was not scanned with musicnn: scan it with --model musicnn"):
        library.search("piano", model="musicnn")
    with pytest.raises(LibraryError, match="the library has no track 7"):
        library.similar(7)
    add("/a.mp3", "piano")
    with pytest.raises(LibraryError, match=r"/b.mp3 is not in the library: scan its folder first"):
        library.path("/a.mp3", "/b.mp3")
    with Library(store.file.with_name("empty.sqlite")) as empty, pytest.raises(LibraryError, match="is empty: scan"):
        empty.search("piano")


def test_similar_tracks_by_angle(add: Add, library: Library) -> None:
    for degrees in (0, 20, 40, 90):
        add(f"/{degrees}.mp3", embedding=at(degrees), artist="a" if degrees == 20 else "b", duration=100 + degrees)
    found = library.similar("/0.mp3")
    assert titles(entry.track for entry in found) == ["/20.mp3", "/40.mp3", "/90.mp3"]
    np.testing.assert_allclose([entry.similarity for entry in found], np.cos(np.radians([20, 40, 90])), atol=1e-6)
    assert titles(entry.track for entry in library.similar("/20.mp3", n=1)) == ["/0.mp3"]
    assert titles(entry.track for entry in library.similar("/0.mp3", other_artists=True)) == ["/20.mp3"]


def test_copies_are_one_entry_and_albums_have_a_cap(add: Add, library: Library) -> None:
    add("/song.mp3", embedding=at(0))
    add("/song copy.mp3", embedding=at(1))
    add("/other.mp3", embedding=at(30))
    add("/other copy.mp3", embedding=at(31), duration=61)
    add("/other live.mp3", embedding=at(31), duration=90)
    for track in range(3):
        add(f"/album{track}.mp3", embedding=at(50 + 10 * track), album="one", duration=200 + 9 * track)
    found = library.similar("/song.mp3", per_album=2)
    assert titles(entry.track for entry in found) == ["/other.mp3", "/other live.mp3", "/album0.mp3", "/album1.mp3"]
    assert [titles(entry.copies) for entry in found] == [["/other copy.mp3"], [], [], []]
    groups = [titles(group) for group in library.duplicates()]
    assert groups == [["/song.mp3", "/song copy.mp3"], ["/other.mp3", "/other copy.mp3"]]


def test_a_playlist_moves_evenly(add: Add, library: Library) -> None:
    for degrees in (0, 90, 10, 31, 60, 58, 180):
        add(f"/{degrees}.mp3", embedding=at(degrees))
    path = library.path("/0.mp3", "/90.mp3", n=4)
    assert titles(path) == ["/0.mp3", "/31.mp3", "/60.mp3", "/90.mp3"]
    assert len(library.path("/0.mp3", "/90.mp3", n=50)) == 7
    assert len(library.path("/0.mp3", "/90.mp3", n=10**15)) == 7
    with pytest.raises(LibraryError, match="at least 2 tracks"):
        library.path("/0.mp3", "/90.mp3", n=1)


def test_silent_files_alone_give_nothing(add: Add, library: Library) -> None:
    add("/silent.mp3", "piano", silent=True)
    assert library.search("piano").matches == 0


def test_tracks_are_kept_in_memory_until_something_changes(add: Add, library: Library) -> None:
    """By another connection, as of a scan elsewhere, or by this one."""
    add("/one.mp3", "piano")
    kept = library.collection()
    assert library.search("piano").matches == 1
    assert library.collection() is kept
    add("/two.mp3", "piano")
    assert library.search("piano").matches == 2
    library.forget(["/one.mp3"])
    assert titles(entry.track for entry in library.search("piano").hits) == ["/two.mp3"]
