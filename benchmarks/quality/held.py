"""Which clips are of recordings that models saw in training: those that MagnaTagATune holds in its training folders.

MagnaTagATune and Emotify are both of the Magnatune catalogue. A clip is held if an artist of the same name has there a
recording whose title begins with the clip's title, or the other way round (one writes the title of a work, the other
adds the movement). Names and titles are compared by their letters a to z and digits alone, lower case, accents removed.
"""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import numpy.typing as npt

TRAINING = frozenset("0123456789ab")
FILE = re.compile(r"(?P<folder>[0-9a-f])/(?P<artist>.+?)-.+-\d\d-(?P<title>.+)-\d+-\d+\.mp3")


def held(artists: Iterable[str], titles: Iterable[str], index: Path) -> npt.NDArray[np.bool_]:
    """Find the clips that are held.

    Parameters
    ----------
    artists, titles
        Of each clip.
    index
        MagnaTagATune's list of files: a number, a tab, and such as
        ``f/artist_name-album-01-title-30-59.mp3``.
    """
    recordings = defaultdict(set)
    for line in index.read_text(encoding="utf-8").splitlines():
        file = FILE.fullmatch(line.partition("\t")[2])
        if file and file["folder"] in TRAINING:
            recordings[plain(file["artist"])].add(plain(file["title"]))

    def is_held(artist: str, title: str) -> bool:
        return any(title.startswith(other) or other.startswith(title) for other in recordings[artist])

    return np.array([is_held(plain(artist), plain(title)) for artist, title in zip(artists, titles, strict=True)])


def plain(name: str) -> str:
    """Keep the letters and digits of a name.

    Examples
    --------
    >>> plain("Café Noir: Part 2")
    'cafenoirpart2'
    """
    ascii_only = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]", "", ascii_only.lower())
