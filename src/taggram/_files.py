"""Files and folders that are written whole or not at all, and their hashes."""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

__all__ = ["atomic_dir", "atomic_file", "sha256"]


@contextlib.contextmanager
def atomic_file(file: Path) -> Iterator[Path]:
    """Write a file whole or not at all.

    Parameters
    ----------
    file
        The file to create or replace; its folder must exist.

    Yields
    ------
    Path
        A file in the same folder to write instead. When the block ends it is flushed to disk and takes the place of
        `file`; when it fails, `file` stays as it was.
    """
    scratch = file.with_name(f".{file.name}.{os.getpid()}.part")
    try:
        yield scratch
        with scratch.open("rb+") as stream:
            os.fsync(stream.fileno())
        os.replace(scratch, file)
    finally:
        scratch.unlink(missing_ok=True)


@contextlib.contextmanager
def atomic_dir(folder: Path) -> Iterator[Path]:
    """Write a folder whole or not at all.

    Parameters
    ----------
    folder
        The folder to create or replace; parent folders are created.

    Yields
    ------
    Path
        An empty folder beside it to fill. When the block ends it takes the place of `folder`; when it fails, `folder`
        stays as it was.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=f".{folder.name}-") as scratch:
        new, old = Path(scratch, "new"), Path(scratch, "old")
        new.mkdir()
        yield new
        if folder.exists():
            os.replace(folder, old)
        os.replace(new, folder)
        shutil.rmtree(old, ignore_errors=True)


def sha256(file: Path) -> str:
    """Return the SHA-256 of a file, in hexadecimal."""
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
