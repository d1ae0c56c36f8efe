"""Recordings of one source, searchable by the artist and title that another source writes."""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable

from taggram.datasets.names import artist_key, title_key

__all__ = ["Recordings"]

SHORTEST = 4  # letters of a title that identify it by its beginning


class Recordings:
    """A set of recordings by artist and title.

    Two titles of one artist belong to one recording if one starts with the other, because some sources add the movement
    or the composer to the title of a work.

    Parameters
    ----------
    recordings
        Artist and title of each; those without artist or title are ignored.

    Examples
    --------
    >>> recordings = Recordings([("the_artist", "sonata_in_c_i_allegro")])
    >>> recordings.contains("The Artist", "Sonata in C"), recordings.contains("The Artist", "Sonata in D")
    (True, False)
    """

    def __init__(self, recordings: Iterable[tuple[str, str]]) -> None:
        titles = defaultdict(set)
        for artist, title in recordings:
            titles[artist_key(artist)].add(title_key(title))
        self._titles = {artist: sorted(keys - {""}) for artist, keys in titles.items() if artist}

    def contains(self, artist: str, title: str) -> bool:
        """Return whether a recording is in the set."""
        key, titles = title_key(title), self._titles.get(artist_key(artist), [])
        if not key or not titles:
            return False

        def follows(beginning: str) -> str:
            """Return the first title that does not sort before a text: one that starts with it, if any does."""
            position = bisect_left(titles, beginning)
            return titles[position] if position < len(titles) else ""

        if follows(key) == key or (len(key) >= SHORTEST and follows(key).startswith(key)):
            return True
        return any(follows(key[:length]) == key[:length] for length in range(SHORTEST, len(key)))
