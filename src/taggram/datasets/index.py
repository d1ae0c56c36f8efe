"""The clips of a source with their metadata, before any audio is read."""

from __future__ import annotations

import dataclasses
import os
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from taggram._files import find_normalized
from taggram.errors import DatasetError

__all__ = ["ClipIndex", "ClipInfo", "join"]


@dataclass(frozen=True, slots=True)
class ClipInfo:
    """Metadata of one clip.

    Attributes
    ----------
    id
        Name, unique within the index.
    path
        Audio file, relative to the folder of the index; names that are not valid UTF-8 as in `os.fsdecode`.
    split
        Such as ``train``; empty if the source has no splits.
    labels
        Tags without repetition, or graded labels such as ``valence=0.73``.
    group
        Clips of one group, such as those of an artist, belong to the same split; empty if the source has no groups.
    artist, album, title
        Of the recording, in the source's spelling; empty if unknown.
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
class ClipIndex:
    """All clips of a source.

    Attributes
    ----------
    folder
        Folder that the paths of the clips are relative to.
    clips
        In the order of the source.
    warnings
        Doubts about the labels, one line each.

    Raises
    ------
    DatasetError
        If two clips have the same id.
    """

    folder: Path
    clips: tuple[ClipInfo, ...]
    warnings: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for name, times in Counter(clip.id for clip in self.clips).items():
            if times > 1:
                raise DatasetError(
                    f"{times} clips have the id {name!r}: choose a column in which every value is unique"
                )

    def file(self, clip: ClipInfo) -> Path:
        """Return the audio file of a clip, in the Unicode form that its path has on disk."""
        return find_normalized(self.folder / clip.path)

    def replace(self, clips: Iterable[ClipInfo]) -> ClipIndex:
        """Return a copy with other clips."""
        return dataclasses.replace(self, clips=tuple(clips))

    def with_split(self, split: str) -> ClipIndex:
        """Return a copy with all clips in one split."""
        return self.replace(dataclasses.replace(clip, split=split) for clip in self.clips)


def join(indexes: Mapping[str, ClipIndex]) -> ClipIndex:
    """Concatenate several indexes.

    Parameters
    ----------
    indexes
        By name. The name becomes a prefix of ids and labels, as in ``mer4q/jazz``, because equal tags of two sources
        need not mean the same.

    Returns
    -------
    ClipIndex
        The clips of one source after another; paths are relative to the common parent folder.

    Raises
    ------
    DatasetError
        If there is no common parent folder, as on different drives of Windows.
    """
    folders = [os.path.abspath(index.folder) for index in indexes.values()]
    try:
        folder = Path(os.path.commonpath(folders))
    except ValueError:
        raise DatasetError(f"{', '.join(folders)} are on different drives: move them to one") from None
    clips = (
        dataclasses.replace(
            clip,
            id=f"{name}/{clip.id}",
            path=relative_path(index.file(clip), folder),
            labels=tuple(f"{name}/{label}" for label in clip.labels),
        )
        for name, index in indexes.items()
        for clip in index.clips
    )
    warnings = tuple(line for index in indexes.values() for line in index.warnings)
    return ClipIndex(folder, tuple(clips), warnings)


def relative_path(file: Path, folder: Path) -> str:
    """Return the path of a file relative to a folder, with slashes on every system; absolute on another drive."""
    try:
        path = os.path.relpath(file, folder)
    except ValueError:
        path = os.path.abspath(file)
    return Path(path).as_posix()
