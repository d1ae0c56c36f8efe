"""Playlists on disk."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from taggram._files import atomic_file
from taggram.errors import LibraryError
from taggram.library.collection import Track

__all__ = ["write_m3u"]


def write_m3u(tracks: Iterable[Track], file: str | os.PathLike[str]) -> None:
    """Write tracks as an extended M3U playlist in UTF-8, with absolute paths.

    Raises
    ------
    LibraryError
        If the file cannot be written, or a path has a line break.
    """
    lines = [b"#EXTM3U"]
    for track in tracks:
        name = " - ".join(filter(None, (track.artist, track.title))) or Path(track.path).stem
        path = os.fsencode(track.path)
        if b"\n" in path or b"\r" in path:
            raise LibraryError(f"{track.path!r} has a line break in its name, which no playlist can hold: rename it")
        about = " ".join(name.encode("utf-8", "replace").decode().split())
        lines += [f"#EXTINF:{round(track.duration)},{about}".encode(), path]
    try:
        with atomic_file(Path(file)) as part:
            part.write_bytes(b"\n".join(lines) + b"\n")
    except OSError as error:
        raise LibraryError(f"{file} cannot be written ({(error.strerror or str(error)).lower()})") from error
