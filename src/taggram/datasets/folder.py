"""An index of the audio files of a folder."""

from __future__ import annotations

import os
from pathlib import Path

from taggram.audio import audio_files
from taggram.datasets.index import ClipIndex, ClipInfo
from taggram.errors import DatasetError

__all__ = ["list_folder"]


def list_folder(folder: str | os.PathLike[str], *, folders_are_tags: bool = False) -> ClipIndex:
    """List the audio files of a folder and its sub-folders, sorted by path.

    Parameters
    ----------
    folder
        Folder to search. Files whose names begin with a dot are skipped.
    folders_are_tags
        Use the name of a first-level sub-folder as the label of all files below it, and that of a second-level one,
        such as an artist's, as their group.

    Returns
    -------
    ClipIndex
        The id of a clip is its path relative to the folder.

    Raises
    ------
    DatasetError
        If the folder does not exist or contains no audio file.
    """
    root = Path(folder)
    if not root.is_dir():
        raise DatasetError(f"{root} is no folder: check the path")
    names = [Path(file).relative_to(root) for file in audio_files(root)]
    if not names:
        raise DatasetError(f"{root} contains no audio files")
    clips = []
    for name in names:
        folders = name.parts[:-1] if folders_are_tags else ()
        group = "/".join(folders[:2]) if len(folders) > 1 else ""
        clips.append(ClipInfo(name.as_posix(), name.as_posix(), labels=folders[:1], group=group))
    return ClipIndex(root, tuple(clips))
