"""Which clips are of recordings that models saw in training: those that MagnaTagATune holds in its training folders.

MagnaTagATune and Emotify are both of the Magnatune catalogue. `Recordings` says which artists and titles are the same.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import numpy.typing as npt

from taggram.auditing.recordings import Recordings

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
    lines = index.read_text(encoding="utf-8").splitlines()
    files = filter(None, (FILE.fullmatch(line.partition("\t")[2]) for line in lines))
    recordings = Recordings((file["artist"], file["title"]) for file in files if file["folder"] in TRAINING)
    return np.array([recordings.contains(artist, title) for artist, title in zip(artists, titles, strict=True)])
