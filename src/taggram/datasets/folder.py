"""Clips from a folder: every audio file below it."""

from __future__ import annotations

import os
from pathlib import Path

from taggram.audio import audio_files
from taggram.datasets.listing import Listed, Listing
from taggram.errors import DatasetError

__all__ = ["list_folder"]


def list_folder(folder: str | os.PathLike[str], *, folders_are_tags: bool = False) -> Listing:
    """List the audio files of a folder and all its sub-folders, in sorted order.

    Parameters
    ----------
    folder
        Where to look. Files whose names begin with a dot are left out.
    folders_are_tags
        Whether the name of a first-level sub-folder is the label of all files below it, and that of a sub-folder in
        there, such as an artist's, the group.

    Returns
    -------
    Listing
        The id of a clip is its path below the folder.

    Raises
    ------
    DatasetError
        If there is no such folder, or no audio file in it.
    """
    root = Path(folder)
    if not root.is_dir():
        raise DatasetError(f"{root} is no folder: check the path")
    names = [Path(file).relative_to(root) for file in audio_files(root)]
    if not names:
        raise DatasetError(f"{root} has no audio files in it or below it")
    clips = []
    for name in names:
        folders = name.parts[:-1] if folders_are_tags else ()
        group = "/".join(folders[:2]) if len(folders) > 1 else ""
        clips.append(Listed(name.as_posix(), name.as_posix(), labels=folders[:1], group=group))
    return Listing(root, tuple(clips))
