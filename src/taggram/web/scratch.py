"""The folder on disk of a running server, which is gone when the server is."""

from __future__ import annotations

import contextlib
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from taggram._system import lock_file

__all__ = ["scratch_folder"]

PREFIX = "taggram-serve-"
LOCK = "lock"  # is locked as long as the server runs


@contextlib.contextmanager
def scratch_folder() -> Iterator[Path]:
    """Create a folder in the system's temporary folder, and remove it after the block.

    Folders of servers that were killed are removed, too.
    """
    _remove_stale_folders()
    folder = Path(tempfile.mkdtemp(prefix=PREFIX))
    lock = lock_file(folder / LOCK)
    try:
        yield folder
    finally:
        if lock is not None:
            lock.close()
        shutil.rmtree(folder, ignore_errors=True)


def _remove_stale_folders() -> None:
    for file in Path(tempfile.gettempdir()).glob(f"{PREFIX}*/{LOCK}"):
        with contextlib.suppress(OSError):  # of another user
            if (lock := lock_file(file)) is not None:
                lock.close()
                shutil.rmtree(file.parent, ignore_errors=True)
