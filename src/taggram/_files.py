"""Files and folders: written whole or not at all, hashed, and found in any Unicode form of their names."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import shutil
import tempfile
import unicodedata
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

__all__ = ["atomic_dir", "atomic_file", "find_normalized", "named_errors", "sha256"]


@contextlib.contextmanager
def atomic_file(file: Path) -> Iterator[Path]:
    """Write a file whole or not at all.

    Parameters
    ----------
    file
        The file to create or replace; its folder must exist. A symbolic link is followed.

    Yields
    ------
    Path
        A file in the same folder to write instead. When the block ends it is flushed to disk and takes the place of
        `file`; when it fails, `file` stays as it was.

    Raises
    ------
    OSError
        If the file cannot be written, or is a device or pipe, which a new file would replace.
    """
    file = Path(os.path.realpath(file))
    if file.exists() and not (file.is_file() or file.is_dir()):
        raise OSError(errno.EINVAL, "Not a regular file", str(file))
    scratch = file.with_name(f".{file.name[:40]}.{os.getpid()}.part")  # the longest names leave no room for more
    try:
        with named_errors(file):
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
        with named_errors(folder):
            yield new
        if folder.exists():
            os.replace(folder, old)
        os.replace(new, folder)
        shutil.rmtree(old, ignore_errors=True)


@contextlib.contextmanager
def named_errors(target: Path) -> Iterator[None]:
    """Name a file or folder in errors of a block that name none, as writing to an open file on a full disk does."""
    try:
        yield
    except OSError as error:
        if error.filename is None and not isinstance(error, BrokenPipeError):  # that is one of stdout or stderr
            error.filename = str(target)
        raise


def sha256(file: Path) -> str:
    """Return the SHA-256 of a file, in hexadecimal."""
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def find_normalized(file: Path) -> Path:
    """Find a file whose path on disk may have another Unicode form.

    A character such as é is one code point or two (NFC or NFD), depending on the system that wrote the name; most file
    systems take these for two names.

    Returns
    -------
    Path
        The existing file with the same path in NFC, or `file` if there is none.
    """
    if os.path.lexists(file) or str(file).isascii():
        return file
    found = Path(file.anchor)
    for name in file.relative_to(file.anchor).parts:
        if not os.path.lexists(found / name):
            names = _names_by_nfc(found)
            name = names.get(unicodedata.normalize("NFC", name), "")
            if not name:
                return file
        found /= name
    return found


def _names_by_nfc(folder: Path) -> dict[str, str]:
    try:
        return _list_by_nfc(folder, folder.stat().st_mtime_ns)
    except OSError:
        return {}


@lru_cache(maxsize=8)
def _list_by_nfc(folder: Path, changed: int) -> dict[str, str]:
    """List a folder again only if it has changed: a table may name many of its files."""
    del changed
    return {unicodedata.normalize("NFC", name): name for name in os.listdir(folder)}
