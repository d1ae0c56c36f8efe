"""Collection of the audio files that the arguments of ``taggram tag`` name."""

from __future__ import annotations

import glob
import os
import sys
from collections.abc import Iterable, Iterator

from taggram.audio import audio_files
from taggram.errors import AudioError
from taggram.tagging import TagResult


def collect(names: Iterable[str]) -> Iterator[str | TagResult]:
    """Find audio files.

    Parameters
    ----------
    names
        Files; folders, searched recursively for files with an audio suffix; patterns such as
        ``"music/**/*.flac"``; or ``-`` for one name per line on standard input.

    Yields
    ------
    str or TagResult
        A file, or the error of a folder that cannot be read or of a folder or pattern without files. The files of a
        folder or pattern are sorted.
    """
    for name in names:
        if name == "-":
            yield from collect(line.rstrip("\r\n") for line in sys.stdin if line.strip())
        elif os.path.isdir(name):
            yield from _or_error(_search(name), name, "contains no audio files")
        elif glob.has_magic(name) and not os.path.lexists(name):
            matches = sorted(match for match in glob.iglob(name, recursive=True) if os.path.isfile(match))
            yield from _or_error(iter(matches), name, "matches no file")
        else:
            yield name


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
        yield TagResult(name, error=AudioError(f"{name} {otherwise}"))
