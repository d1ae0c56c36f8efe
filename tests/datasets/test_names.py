"""What two sources write differently and mean alike."""

from __future__ import annotations

import pytest

from taggram.datasets.names import artist_key, title_key


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
