"""From what a person names on the command line to a list of files."""

from __future__ import annotations

import glob
import os
import sys
from collections.abc import Iterable, Iterator

from taggram.audio import audio_files
from taggram.errors import AudioError
from taggram.tagging import Tagged


def collect(names: Iterable[str]) -> Iterator[str | Tagged]:
    """Find the files that are meant.

    Parameters
    ----------
    names
        Files; folders, searched with all their subfolders for files with an audio suffix; patterns such as
        ``"music/**/*.flac"``; or ``-`` for one name per line on standard input.

    Yields
    ------
    str or Tagged
        A file, or the error that says why there is none where one was expected. Folders and patterns give their files
        in sorted order.
    """
    for name in names:
        if name == "-":
            yield from collect(line.rstrip("\r\n") for line in sys.stdin if line.strip())
        elif os.path.isdir(name):
            yield from _or_error(audio_files(name), name, "has no audio files in it or below it")
        elif glob.has_magic(name) and not os.path.lexists(name):
            matches = sorted(match for match in glob.iglob(name, recursive=True) if os.path.isfile(match))
            yield from _or_error(iter(matches), name, "matches no file")
        else:
            yield name


def _or_error(files: Iterator[str], name: str, otherwise: str) -> Iterator[str | Tagged]:
    empty = True
    for file in files:
        empty = False
        yield file
    if empty:
        yield Tagged(name, error=AudioError(f"{name} {otherwise}"))
