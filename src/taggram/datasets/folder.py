"""An index of the audio files of a folder."""

from __future__ import annotations

import os
import unicodedata
from collections import Counter
from pathlib import Path

from taggram._text import encode_path
from taggram.audio.discovery.files import Identity, audio_paths
from taggram.datasets.index import ClipIndex, ClipInfo
from taggram.errors import AudioError, DatasetError

__all__ = ["list_folder"]


def list_folder(folder: str | os.PathLike[str], *, folders_are_tags: bool = False) -> ClipIndex:
    """List the audio files of a folder and its sub-folders, sorted by path.

    Parameters
    ----------
    folder
        Folder to search, as `taggram.audio.audio_files` does.
    folders_are_tags
        Use the name of a first-level sub-folder as the label of all files below it, and that of a second-level one as
        their artist and group, under whatever label it is. A file that links put into several first-level sub-folders
        is one clip with all of their names as labels.

    Returns
    -------
    ClipIndex
        The id of a clip is its path relative to the folder, see `taggram.datasets.list_table`. Ids, labels and artists
        are in NFC.

    Raises
    ------
    DatasetError
        If the folder does not exist, contains no audio file, or has a sub-folder that cannot be read.
    """
    root = Path(folder)
    if not os.path.isdir(root):
        raise DatasetError(f"{root} is no folder: check the path")
    paths: dict[Identity, list[Path]] = {}
    try:
        for identity, file, _ in audio_paths(root):
            paths.setdefault(identity, []).append(Path(file).relative_to(root))
    except AudioError as error:
        raise DatasetError(str(error)) from error
    if not paths:
        raise DatasetError(f"{root} contains no audio files")
    times = Counter(_text(names[0].as_posix()) for names in paths.values())
    clips = []
    for names in paths.values():
        path = names[0].as_posix()
        name = _text(path)
        folders = [[_text(part) for part in name.parts[:-1]] for name in names] if folders_are_tags else []
        artist = next((parts[1] for parts in folders if len(parts) > 1), "")
        clips.append(
            ClipInfo(
                id=name if times[name] == 1 else encode_path(path),  # two names may differ in their form only
                path=path,
                labels=tuple(dict.fromkeys(parts[0] for parts in folders if parts)),
                group=artist,
                artist=artist,
            )
        )
    return ClipIndex(root, tuple(clips))


def _text(path: str) -> str:
    return unicodedata.normalize("NFC", encode_path(path))
