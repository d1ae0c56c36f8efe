"""Collection of the audio files that the arguments of ``taggram tag`` name."""

from __future__ import annotations

import fnmatch
import glob
import os
import sys
from collections.abc import Iterable, Iterator

from taggram.audio import audio_files
from taggram.audio.discovery.playlists import PLAYLISTS, is_url, parse_names, playlist_files
from taggram.errors import AudioError
from taggram.tagging import TagResult


def collect(names: Iterable[str], *, null: bool = False) -> Iterator[str | TagResult]:
    """Find audio files.

    Parameters
    ----------
    names
        Files; folders, searched recursively for files with an audio suffix; URIs of files, and with a ``/`` at the end
        of folders; playlists; patterns such as ``"music/**/*.flac"``; or ``-`` for a list on standard input, whose
        names are never patterns.
    null
        Whether the names on standard input end with zero bytes.

    Yields
    ------
    str or TagResult
        A file, or the error of a name without files or of a folder that cannot be read. The files of a folder or
        pattern are sorted.
    """
    for name in names:
        if name == "-":
            yield from _listed(null)
        elif glob.has_magic(name) and not os.path.lexists(name) and not is_url(name):
            yield from _or_error(_matching(name), name, "matches no file")
        else:
            yield from _named(name)


def _listed(null: bool) -> Iterator[str | TagResult]:
    """Find the files of the list on standard input."""
    if sys.stdin is None:
        yield _error("-", "standard input is closed: - expects a list of file names on it")
        return
    try:
        data = sys.stdin.buffer.read() if hasattr(sys.stdin, "buffer") else os.fsencode(sys.stdin.read())
        names = parse_names(data, null=null)
    except AudioError as error:
        yield TagResult("-", error=error)
        return
    for name in names:
        yield from _named(name)


def _named(name: str, playlists: tuple[str, ...] = ()) -> Iterator[str | TagResult]:
    """Find the files that a name stands for which is no pattern; it stands in these playlists, one inside the other."""
    if is_url(name) and playlists:  # a file must not make this program connect to anywhere
        yield _error(name, f"{name} is a URI in a playlist, which is not followed: give it as an argument")
    elif os.path.isdir(name) or (is_url(name) and name.endswith("/")):
        yield from _or_error(_search(name), name, "contains no audio files")
    elif not name.lower().endswith(PLAYLISTS):
        yield name
    elif (path := os.path.realpath(name)) in playlists:
        yield _error(name, f"{name} names itself: it was tagged once")
    else:
        try:
            entries = (found for entry in playlist_files(name) for found in _named(entry, (*playlists, path)))
            yield from _or_error(entries, name, "names no files")
        except AudioError as error:
            yield TagResult(name, error=error)


def _matching(pattern: str) -> Iterator[str | TagResult]:
    """Find the files of a pattern; ``**`` stands for folders as a search of folders finds them."""
    parts = pattern.split(os.sep)
    if "**" not in parts:
        yield from sorted(match for match in glob.iglob(pattern) if os.path.isfile(match))
        return
    start = parts.index("**")
    top = os.sep.join(parts[:start]) or (os.sep if start else "")
    for folder in sorted(glob.iglob(top)) if top else [os.curdir]:
        for found in _search(folder) if os.path.isdir(folder) else ():
            if not isinstance(found, str):
                yield found
            elif _fits(os.path.relpath(found, folder).split(os.sep), parts[start:]):
                yield found if top else os.path.relpath(found)


def _fits(parts: list[str], pattern: list[str]) -> bool:
    """Return whether the parts of a path fit those of a pattern."""
    if not pattern:
        return not parts
    if pattern[0] == "**" and _fits(parts, pattern[1:] or ["*"]):
        return True
    if not parts or not fnmatch.fnmatch(parts[0], pattern[0]):
        return False
    return _fits(parts[1:], pattern if pattern[0] == "**" else pattern[1:])


def _search(folder: str) -> Iterator[str | TagResult]:
    errors: list[TagResult] = []
    yield from audio_files(folder, on_error=lambda path, error: errors.append(TagResult(path, error=error)))
    yield from errors


def _or_error(files: Iterator[str | TagResult], name: str, otherwise: str) -> Iterator[str | TagResult]:
    empty = True
    for file in files:
        empty = False
        yield file
    if empty:
        yield _error(name, f"{name} {otherwise}")


def _error(name: str, text: str) -> TagResult:
    return TagResult(name, error=AudioError(text))
