"""Normalized names of artists, albums and titles, for comparing the spellings of different sources."""

from __future__ import annotations

import re
import unicodedata

__all__ = ["artist_key", "letters", "title_key"]

GUEST = re.compile(r"\W(?:feat(?:\.|\s)(?!\s*of\b)|ft\.|featuring\s).*")
ARTICLE = re.compile(r"^the\s+(?=\w)|,\s*the$")
TRACK_NUMBER = re.compile(r"^\d{1,3}\s*[-.:)]\s*(?=[^\d\s])")


def artist_key(name: str) -> str:
    """Return the letters and digits of an artist's name, without featured guests and a leading or trailing ``the``.

    Examples
    --------
    >>> artist_key("The Céline Band feat. Somebody"), artist_key("celine_band"), artist_key("Celine Band, The")
    ('celineband', 'celineband', 'celineband')
    """
    plain = _plain(name)
    without = ARTICLE.sub("", GUEST.sub("", plain).strip())
    return letters(without) or letters(plain)


def title_key(title: str) -> str:
    """Return the letters and digits of the title of a song or album, without track number and guests.

    Text in brackets is kept, because other sources write it without brackets.

    Examples
    --------
    >>> title_key("02 - Café Noir: Part 2 (Live)"), title_key("cafe_noir__part_2_live")
    ('cafenoirpart2live', 'cafenoirpart2live')
    """
    plain = _plain(title)
    without = TRACK_NUMBER.sub("", GUEST.sub("", plain).strip())
    return letters(without) or letters(plain)


def letters(text: str) -> str:
    """Keep the letters and digits of a text, in lower case and without accents.

    Examples
    --------
    >>> letters("Émile & Co.: 2")
    'emileandco2'
    """
    return "".join(filter(str.isalnum, _plain(text)))


def _plain(text: str) -> str:
    """Return a text in lower case without accents, with words separated by spaces."""
    apart = unicodedata.normalize("NFKD", text.casefold())
    kept = "".join(character for character in apart if not unicodedata.combining(character))
    return kept.replace("_", " ").replace("&", " and ")
