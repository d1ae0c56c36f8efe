"""Playlists: m3u, m3u8, pls and cue, and lists of file names on standard input."""

from __future__ import annotations

import codecs
import os
import re
import stat
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import url2pathname

from taggram._files import find_normalized
from taggram.errors import AudioError

__all__ = ["is_url", "parse_names", "playlist_files"]

PLAYLISTS = (".m3u", ".m3u8", ".pls", ".cue")
_BOM = b"\xef\xbb\xbf"
_UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_LINE_END = re.compile(rb"\r\n|\n|\r")
_URL = re.compile(r"^[a-z][a-z0-9+.-]+://", re.IGNORECASE)
_PLS_FILE = re.compile(r"^\s*File\d+\s*=\s*(.+?)\s*$", re.IGNORECASE)
_CUE_FILE = re.compile(r'^\s*FILE\s+(?:"(.*)"|(\S+))', re.IGNORECASE)


def is_url(name: str) -> bool:
    """Return whether a name is a URL.

    Examples
    --------
    >>> is_url("https://example.org/song.mp3"), is_url("C:/song.mp3")
    (True, False)
    """
    return bool(_URL.match(name))


def playlist_files(playlist: str | os.PathLike[str]) -> Iterator[str]:
    """Read the file names of a playlist.

    Parameters
    ----------
    playlist
        A file with the suffix .m3u, .m3u8, .pls or .cue, in UTF-8, or in UTF-16 with a byte order mark. An entry that
        is no UTF-8 is taken byte by byte, or in Windows-1252 if there is no such file.

    Yields
    ------
    str
        The files in their order, each once in a row; relative ones start at the folder of the playlist. URLs of the
        web as they are.

    Raises
    ------
    AudioError
        If the playlist cannot be read, or is none.
    """
    path = os.fspath(playlist)
    try:
        if not stat.S_ISREG(os.stat(path).st_mode):
            raise AudioError(f"{path} is a pipe, device or socket: copy its content to a regular file first")
        with open(path, "rb") as stream:
            data = stream.read()
    except OSError as error:
        raise AudioError(f"{path} cannot be read ({(error.strerror or str(error)).lower()}): check the path") from error
    if b"\0" in data and not data.startswith(_UTF16):
        raise AudioError(f"{path} is no playlist: it contains zero bytes")
    pattern = {".pls": _PLS_FILE, ".cue": _CUE_FILE}.get(os.path.splitext(path)[1].lower())
    last = None
    for line in _lines(data):
        if pattern is None:
            entry = "" if line.startswith("#") else line.strip()
        else:
            match = pattern.match(line)
            entry = next((group for group in match.groups() if group), "") if match else ""
        if entry and entry != last:
            last = entry
            yield _locate(entry, os.path.dirname(path))


def parse_names(data: bytes, *, null: bool = False) -> list[str]:
    r"""Split a list of file names.

    Parameters
    ----------
    data
        One name per line; lines that begin with ``#`` are comments where the first is ``#EXTM3U``.
    null
        Whether names end with a zero byte instead, as ``find -print0`` writes them.

    Returns
    -------
    list of str
        The names, empty ones left out.

    Raises
    ------
    AudioError
        If lines contain zero bytes, as audio does.

    Examples
    --------
    >>> parse_names(b"a.mp3\r\n\r\nTrack [1].mp3\n")
    ['a.mp3', 'Track [1].mp3']
    >>> parse_names(b"two\nlines.mp3\0b.mp3\0", null=True)
    ['two\nlines.mp3', 'b.mp3']
    """
    if null:
        return [os.fsdecode(name) for name in data.split(b"\0") if name]
    names = [line for line in _lines(data) if line.strip()]
    if any("\0" in name for name in names):
        raise AudioError(
            "standard input is not a list of file names, one per line: names that end with zero bytes need -0, and "
            "audio must be saved to a file first"
        )
    is_m3u = bool(names) and names[0].startswith("#EXTM3U")
    return [name for name in names if not (is_m3u and name.startswith("#"))]


def _lines(data: bytes) -> list[str]:
    if data.startswith(_UTF16):
        data = data.decode("utf-16", "replace").encode()
    return [os.fsdecode(line) for line in _LINE_END.split(data.removeprefix(_BOM))]


def _locate(entry: str, folder: str) -> str:
    """Return the path of a playlist's entry."""
    if is_url(entry):
        url = urlsplit(entry)
        return url2pathname(url.path) if url.scheme.lower() == "file" else entry
    path = os.path.join(folder, entry)
    if "\\" in entry and os.sep == "/" and not os.path.lexists(path):  # written on Windows
        path = os.path.join(folder, entry.replace("\\", "/"))
    if not os.path.lexists(path):
        windows = os.path.join(folder, os.fsencode(entry).decode("cp1252", "replace"))
        return windows if os.path.lexists(windows) else str(find_normalized(Path(path)))
    return path
