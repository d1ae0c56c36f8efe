"""What there is to pack: clips by name, with what is known of them, before any audio is read."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from taggram.errors import DatasetError

__all__ = ["Listed", "Listing"]


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
    """

    id: str
    path: str
    split: str = ""
    labels: tuple[str, ...] = ()
    group: str = ""


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
