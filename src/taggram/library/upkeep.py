"""What a library contains, whether it is sound, and what is removed from it."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from taggram._text import printable
from taggram.audio.discovery.remote import absolute
from taggram.errors import LibraryError
from taggram.library.store import LibraryStore

__all__ = ["LibraryStatus", "describe", "forget", "verify"]


@dataclass(frozen=True)
class LibraryStatus:
    """What a library contains.

    Attributes
    ----------
    file
        The database.
    files
        Files that are there.
    gone
        Files that were not there any more at the latest scan of their folder.
    failed
        Why files could not be tagged, by path.
    hours
        Of music, in files that are there.
    silent
        Silent files.
    tracks
        Number of tracks that each model has tagged, by its name.
    """

    file: Path
    files: int
    gone: int
    failed: dict[str, str]
    hours: float
    silent: int
    tracks: dict[str, int]


def describe(store: LibraryStore) -> LibraryStatus:
    """Return what a library contains."""
    rows = store.rows
    ((files, gone),) = rows("SELECT COUNT(*) - TOTAL(gone), TOTAL(gone) FROM files")
    ((seconds, silent),) = rows(
        "SELECT TOTAL(duration), TOTAL(silent) FROM files JOIN recordings USING (content) WHERE gone = 0"
    )
    failed = rows("SELECT path, error FROM files WHERE gone = 0 AND error IS NOT NULL ORDER BY path")
    counts = dict(
        rows("SELECT model, COUNT(*) FROM files JOIN predictions USING (content) WHERE gone = 0 GROUP BY model")
    )
    return LibraryStatus(
        file=store.file,
        files=int(files),
        gone=int(gone),
        failed={os.fsdecode(path): error for path, error in failed},
        hours=seconds / 3600,
        silent=int(silent),
        tracks={model.name: counts.get(model.id, 0) for model in store.models()},
    )


def forget(store: LibraryStore, paths: Iterable[str | os.PathLike[str]], *, gone: bool) -> int:
    """Remove files from a library; see `Library.forget`."""
    known = store.files()
    unwanted = {path for path, file in known.items() if gone and file.gone}
    for given in paths:
        path = absolute(given)
        inside = {file for file in known if file == path or file.startswith(os.path.join(path, ""))}
        if not inside:
            raise LibraryError(f"{printable(path)} is not in the library: taggram library status has what is")
        unwanted |= inside
    store.forget(unwanted)
    return len(unwanted)


def verify(store: LibraryStore) -> list[str]:
    """Return what is wrong with a library, one line each."""
    problems = [f"{printable(str(store.file))}: {line}" for line in store.check()]
    for path, file in sorted(store.files().items()):
        try:
            if file.state != type(file.state).of(path):
                problems.append(f"{printable(path)} has changed since it was scanned")
        except OSError as error:
            problems.append(f"{printable(path)} cannot be found ({(error.strerror or str(error)).lower()})")
    return problems
