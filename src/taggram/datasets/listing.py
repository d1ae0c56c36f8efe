"""What there is to pack: clips by name, with what is known of them, before any audio is read."""

from __future__ import annotations

import dataclasses
import os
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from taggram.errors import DatasetError

__all__ = ["Listed", "Listing", "join"]


@dataclass(frozen=True, slots=True)
class Listed:
    """A clip as its source names it.

    Attributes
    ----------
    id
        Its name, unique in the listing.
    path
        Its file, relative to the folder of the listing.
    split
        Such as ``train``; empty where the source has none.
    labels
        Its tags, each once.
    group
        What must not be torn apart by a split, such as the artist; empty where the source has none.
    artist, album, title
        Of the recording, as the source writes them; empty where it does not say.
    """

    id: str
    path: str
    split: str = ""
    labels: tuple[str, ...] = ()
    group: str = ""
    artist: str = ""
    album: str = ""
    title: str = ""


@dataclass(frozen=True)
class Listing:
    """The clips of a source.

    Attributes
    ----------
    folder
        What the paths of the clips are relative to.
    clips
        In the order of the source.

    Raises
    ------
    DatasetError
        If two clips have the same id.
    """

    folder: Path
    clips: tuple[Listed, ...]

    def __post_init__(self) -> None:
        for name, times in Counter(clip.id for clip in self.clips).items():
            if times > 1:
                raise DatasetError(
                    f"{times} clips have the id {name!r}: choose a column in which every value is unique"
                )

    def file(self, clip: Listed) -> Path:
        """Return where the audio of a clip lies."""
        return self.folder / clip.path

    def with_split(self, split: str) -> Listing:
        """Return the listing with all clips in one split."""
        return Listing(self.folder, tuple(dataclasses.replace(clip, split=split) for clip in self.clips))


def join(listings: Mapping[str, Listing]) -> Listing:
    """Make one listing of several.

    Parameters
    ----------
    listings
        By name. Ids and labels begin with it, as in ``mer4q/jazz``: what two sources call alike need not mean the same.

    Returns
    -------
    Listing
        One source after another; paths are relative to the folder that all of them lie in.

    Raises
    ------
    DatasetError
        If there is no such folder, as on different drives of Windows.
    """
    folders = [os.path.abspath(listing.folder) for listing in listings.values()]
    try:
        folder = Path(os.path.commonpath(folders))
    except ValueError:
        raise DatasetError(f"{', '.join(folders)} are on different drives: move them to one") from None
    clips = (
        dataclasses.replace(
            clip,
            id=f"{name}/{clip.id}",
            path=relative_path(listing.file(clip), folder),
            labels=tuple(f"{name}/{label}" for label in clip.labels),
        )
        for name, listing in listings.items()
        for clip in listing.clips
    )
    return Listing(folder, tuple(clips))


def relative_path(file: Path, folder: Path) -> str:
    """Return the path of a file relative to a folder, with slashes on every system; absolute on another drive."""
    try:
        path = os.path.relpath(file, folder)
    except ValueError:
        path = os.path.abspath(file)
    return Path(path).as_posix()
