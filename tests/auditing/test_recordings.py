"""Recordings by artist and title."""

from __future__ import annotations

from taggram.auditing.recordings import Recordings


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
