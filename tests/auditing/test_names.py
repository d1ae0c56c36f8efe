"""What two sources write differently and mean alike."""

from __future__ import annotations

import pytest

from taggram.auditing.names import artist_key, title_key
from taggram.auditing.recordings import Recordings


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("The Bots", "the_bots"),
        ("The Bots", "Bots, The"),
        ("Céline Dion", "CELINE DION"),
        ("Richard & Mimi Fariña", "richard_and_mimi_farina"),
        ("c_layne", "c__layne"),
        ("C. Layne feat. Revel Yth", "C Layne"),
        ("c_layne_feat__revel_yth", "C Layne"),
        ("Straße", "STRASSE"),
        ("Кино", "кино"),
    ],
)
def test_artists_are_the_same(one: str, other: str) -> None:
    assert artist_key(one) == artist_key(other) != ""


@pytest.mark.parametrize(
    ("one", "other"),
    [("The The", "The Bots"), ("Кино", "Ария"), ("Feat of Clay", "Clay"), ("Theodor", "Odor"), ("The", "")],
)
def test_artists_are_others(one: str, other: str) -> None:
    assert artist_key(one) != artist_key(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("21 - Sonata No. 2 in G major", "sonata_no_2_in_g_major"),
        ("Love Bird (featuring Lisa)", "love_bird"),
        ("Wachet auf (BWV 140) - Chorus", "wachet_auf_bwv_140__chorus"),
        ("7. Allegro", "Allegro"),
    ],
)
def test_titles_are_the_same(one: str, other: str) -> None:
    assert title_key(one) == title_key(other) != ""


@pytest.mark.parametrize(
    ("one", "other"), [("9 to 5", "to 5"), ("5", "9 - 5"), ("99 Problems", "Problems"), ("A Feat of Strength", "A")]
)
def test_titles_are_others(one: str, other: str) -> None:
    assert title_key(one) != title_key(other)


def test_a_recording_is_known_by_the_beginning_of_its_title() -> None:
    known = Recordings([("the_artist", "sonata_in_c_i_allegro"), ("the_artist", "no"), ("", "song"), ("other", "")])
    assert known.contains("The Artist", "Sonata in C")
    assert known.contains("Artist", "Sonata in C: I. Allegro (2004)")
    assert not known.contains("Artist", "Sonata in D")
    assert not known.contains("Other", "Sonata in C")
    # Titles of few letters say too little to be a beginning.
    assert (
        known.contains("Artist", "No")
        and not known.contains("Artist", "November")
        and not known.contains("Artist", "Son")
    )
    # Clips without names match no others.
    assert not known.contains("", "song") and not known.contains("Other", "") and not known.contains("Other", "Song")
