"""Recordings of one source, which can be asked for those that another source names in its own way."""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable

from taggram.datasets.audit.names import artist_key, title_key

__all__ = ["Recordings"]

SHORTEST = 4  # letters that say enough of a title to be its beginning


class Recordings:
    """Recordings by artist and title.

    Two titles of one artist are of one recording if one begins with the other: a source writes the title of a work,
    another adds the movement or the composer.

    Parameters
    ----------
    named
        Artist and title of each; those that lack one are left out.

    Examples
    --------
    >>> known = Recordings([("the_artist", "sonata_in_c_i_allegro")])
    >>> known.has("The Artist", "Sonata in C"), known.has("The Artist", "Sonata in D")
    (True, False)
    """

    def __init__(self, named: Iterable[tuple[str, str]]) -> None:
        titles = defaultdict(set)
        for artist, title in named:
            titles[artist_key(artist)].add(title_key(title))
        self._titles = {artist: sorted(keys - {""}) for artist, keys in titles.items() if artist}

    def has(self, artist: str, title: str) -> bool:
        """Say whether a recording is among them."""
        key, titles = title_key(title), self._titles.get(artist_key(artist), [])
        if not key or not titles:
            return False

        def follows(beginning: str) -> str:
            """The first title, in sorted order, that is not before a text: one that begins with it, if any does."""
            place = bisect_left(titles, beginning)
            return titles[place] if place < len(titles) else ""

        if follows(key) == key or (len(key) >= SHORTEST and follows(key).startswith(key)):
            return True
        return any(follows(key[:length]) == key[:length] for length in range(SHORTEST, len(key)))
