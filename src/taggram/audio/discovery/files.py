"""Audio files of a folder, by suffix."""

from __future__ import annotations

import errno
import os
from collections import deque
from collections.abc import Callable, Iterator
from typing import TypeAlias

from taggram.audio.discovery.playlists import is_url
from taggram.audio.discovery.remote import list_remote
from taggram.errors import AudioError

__all__ = ["audio_files", "audio_files_with_status", "audio_paths"]

# Suffixes of common formats that FFmpeg reads.
SUFFIXES = tuple(
    """
    .aac .ac3 .aif .aifc .aiff .alac .amr .ape .au .caf .dsf .flac .m4a .m4b .mka .mkv .mov .mp1 .mp2 .mp3 .mp4
    .mpc .oga .ogg .opus .ra .snd .spx .tta .w64 .wav .wave .webm .wma .wv
    """.split()
)
# Folders of systems and network drives, in lower case: bins, snapshots, thumbnails, and what repairs recovered.
SKIPPED = frozenset(
    {"$recycle.bin", "recycler", "system volume information", "lost+found"}
    | {"#recycle", "#snapshot", "@eadir", "@recycle", "@recently-snapshot", "__macosx"}
)

Identity: TypeAlias = tuple[int, int] | str  # of a file or folder; the same by every path that leads to it
OnError: TypeAlias = Callable[[str, AudioError], None]


def audio_files(folder: str | os.PathLike[str], *, on_error: OnError | None = None) -> Iterator[str]:
    """Find the files with an audio suffix in a folder and all its sub-folders.

    Symbolic links to files and folders are followed. A file that several paths lead to, by symbolic or hard links, is
    found once. Files and folders whose names begin with a dot are skipped, and so are folders of systems and network
    drives: ``@eaDir``, ``#recycle``, ``$RECYCLE.BIN``, ``System Volume Information``, ``lost+found`` and the like.

    Parameters
    ----------
    folder
        The folder, which may be a URI; it is searched whatever its own name is.
    on_error
        Called with the path of each folder that cannot be read, and the error. By default the error is raised.

    Yields
    ------
    str
        Paths that begin with `folder`, in sorted order; those through symbolic links come last.

    Raises
    ------
    AudioError
        If a folder cannot be read and there is no `on_error`.
    """
    return (path for path, _ in audio_files_with_status(folder, on_error=on_error))


def audio_files_with_status(
    folder: str | os.PathLike[str], *, on_error: OnError | None = None
) -> Iterator[tuple[str, os.stat_result | None]]:
    """Find the files that `audio_files` finds, with what `os.stat` says of each: None of a URI, or on failure."""
    if is_url(os.fspath(folder)):
        yield from ((uri, None) for uri in _remote_files(os.fspath(folder), on_error))
        return
    files: set[Identity] = set()
    folders: set[Identity] = set()
    for identity, path, status in audio_paths(folder, on_error=on_error, visited=folders):
        if identity not in files:
            files.add(identity)
            yield path, status


def audio_paths(
    folder: str | os.PathLike[str], *, on_error: OnError | None = None, visited: set[Identity] | None = None
) -> Iterator[tuple[Identity, str, os.stat_result | None]]:
    """Find the files that `audio_files` finds, each by every path that leads to it.

    Parameters
    ----------
    folder, on_error
        As for `audio_files`.
    visited
        If given, each folder is searched by one path only, and added to this set.

    Yields
    ------
    identity : tuple or str
        The same for all paths of one file.
    path : str
        In the order of `audio_files`.
    status : os.stat_result or None
        What `os.stat` says of the file; None if it says nothing.
    """
    # Links come last, so that the first path to a file is its real one.
    file_links: list[str] = []
    folder_links: deque[tuple[str, frozenset[Identity]]] = deque([(os.fspath(folder), frozenset())])
    while folder_links:
        stack = [folder_links.popleft()]
        while stack:
            path, parents = stack.pop()
            try:
                identity = _identity(path, os.stat(path))
                if identity in (parents if visited is None else visited):  # such as a link to a parent folder
                    continue
                with os.scandir(path) as scan:
                    entries = sorted(scan, key=lambda entry: entry.name)
            except OSError as error:
                _report(path, error, on_error)
                continue
            if visited is not None:
                visited.add(identity)
            inner: list[tuple[str, frozenset[Identity]]] = []
            for entry in entries:
                if entry.name.startswith("."):
                    continue
                if _is_folder(entry):
                    if entry.name.lower() not in SKIPPED:
                        (folder_links if entry.is_symlink() else inner).append((entry.path, parents | {identity}))
                elif entry.name.lower().endswith(SUFFIXES):
                    if entry.is_symlink():
                        file_links.append(entry.path)
                    else:
                        yield _identify(entry.path)
            stack += reversed(inner)
    yield from map(_identify, file_links)


def _remote_files(folder: str, on_error: OnError | None) -> Iterator[str]:
    """Find the files of a folder on an object store or a web server."""
    stack = [folder]
    while stack:
        path = stack.pop()
        try:
            entries = list_remote(path)
        except AudioError as error:
            if on_error is None:
                raise
            on_error(path, error)
            continue
        inner = []
        for uri, is_folder in entries:
            name = uri.rpartition("/")[2].lower()
            if is_folder and not name.startswith(".") and name not in SKIPPED:
                inner.append(uri)
            elif not is_folder and not name.startswith(".") and name.endswith(SUFFIXES):
                yield uri
        stack += reversed(inner)


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError as error:  # a folder or not: it is reported when it is opened
        return error.errno != errno.ELOOP and not entry.name.lower().endswith(SUFFIXES)


def _identity(path: str, status: os.stat_result) -> Identity:
    return (status.st_dev, status.st_ino) if status.st_ino else os.path.realpath(path)


def _identify(path: str) -> tuple[Identity, str, os.stat_result | None]:
    try:
        status = os.stat(path)
    except OSError:  # the error belongs to the file, and occurs again when it is opened
        return path, path, None
    return _identity(path, status), path, status


def _report(folder: str, error: OSError, on_error: OnError | None) -> None:
    remedy = "check its permissions" if isinstance(error, PermissionError) else "check the path"
    reason = (error.strerror or str(error)).lower()
    audio_error = AudioError(f"the folder {folder} cannot be read ({reason}): {remedy}")
    if on_error is None:
        raise audio_error from error
    on_error(folder, audio_error)
