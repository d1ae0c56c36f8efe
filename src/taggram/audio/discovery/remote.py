"""Audio files on object stores and web servers, by URIs such as ``s3://bucket/song.flac``, through fsspec.

A file is read whole into memory where it is tagged: its hash needs every byte, and decoding from memory neither seeks
over the network nor fails in the middle.
"""

from __future__ import annotations

import hashlib
import io
import os
from typing import Any

from taggram.audio.discovery.playlists import is_url
from taggram.errors import AudioError, MissingExtraError, TaggramError

__all__ = ["RemoteFile", "absolute", "list_remote", "read_remote", "remote_state"]

EXPIRY = 60  # seconds for which a listing answers for the state of its files, which saves a request for each
MAX_BYTES = 1 << 30  # of a file, which a worker holds in memory
# What stores call the version of a file's content, the most reliable first.
VERSIONS = ("ETag", "etag", "md5Hash", "Content-MD5", "LastModified", "Last-Modified", "updated", "mtime", "created")


class RemoteFile(io.BytesIO):
    """The content of a file, whose name is its URI."""

    def __init__(self, content: bytes, name: str) -> None:
        super().__init__(content)
        self.name = name


def absolute(path: str | os.PathLike[str]) -> str:
    """Return the absolute path of a file or folder; a URI as it is."""
    text = os.fspath(path)
    return text if is_url(text) else os.path.abspath(text)


def read_remote(uri: str) -> RemoteFile:
    """Read a file.

    Raises
    ------
    AudioError
        If it does not exist or cannot be read, is empty, or larger than 1 GiB.
    MissingExtraError
        If fsspec is not installed.
    """
    try:
        system, path = _open(uri)
        size = system.info(path)["size"]
        if size is None:
            raise AudioError(f"{uri} has no known size, as a live stream: record it to a file first")
        if size > MAX_BYTES:
            raise AudioError(f"{uri} has {size / 2**30:.1f} GiB, more than the 1 GiB that is read: copy it to a disk")
        content = system.cat_file(path)
    except Exception as error:
        raise _error(uri, error) from error
    if not content:
        raise AudioError(f"{uri} is empty (0 bytes): upload it again")
    return RemoteFile(content, uri)


def remote_state(uri: str) -> tuple[int, int]:
    """Return the size of a file and a number that changes with its version, as far as the store has one.

    Raises
    ------
    FileNotFoundError
        If it does not exist.
    AudioError, MissingExtraError
        If it cannot be read.
    """
    try:
        system, path = _open(uri)
        info = system.info(path)
    except Exception as error:
        if _is_missing(error):
            raise FileNotFoundError(f"{uri} does not exist") from error
        raise _error(uri, error) from error
    version = next((str(info[key]) for key in VERSIONS if info.get(key)), "")
    return int(info["size"] or 0), int.from_bytes(hashlib.sha256(version.encode()).digest()[:7])


def list_remote(folder: str) -> list[tuple[str, bool]]:
    """List a folder.

    Parameters
    ----------
    folder
        Its URI; one of a web server must answer with links, as servers do for folders.

    Returns
    -------
    list of tuple
        The URI of each file and sub-folder, which begins with that of the folder, and whether it is a folder; sorted.

    Raises
    ------
    AudioError, MissingExtraError
        If it cannot be read.
    """
    root = folder if folder.endswith("/") else f"{folder}/"
    try:
        system, path = _open(root)
        system.invalidate_cache(path)
        entries = system.ls(path, detail=True)
    except Exception as error:
        raise _error(folder, error) from error
    start = path.rstrip("/") + "/"
    names = {entry["name"].rstrip("/"): entry["type"] == "directory" for entry in entries}
    return sorted(
        (root + name.removeprefix(start), is_folder)
        for name, is_folder in names.items()
        if name.startswith(start) and "/" not in name.removeprefix(start)
    )


def _open(uri: str) -> tuple[Any, str]:
    """Return the file system of a URI, with the credentials that it finds itself, and the path in it."""
    try:
        from fsspec.core import url_to_fs
    except ImportError as error:
        raise MissingExtraError(uri, "remote") from error
    system, path = url_to_fs(uri, listings_expiry_time=EXPIRY)
    return system, path


def _is_missing(error: Exception) -> bool:
    """Return whether a file does not exist; fsspec reports any failure of a web server so, with its cause."""
    cause = error.__cause__
    return isinstance(error, FileNotFoundError) and (cause is None or getattr(cause, "status", None) in (404, 410))


def _error(uri: str, error: Exception) -> TaggramError:
    if isinstance(error, TaggramError):
        return error
    if isinstance(error, ImportError):
        if uri.startswith("http"):
            return MissingExtraError(uri, "remote")
        return AudioError(f"{uri} cannot be read by what is installed: {error}")
    if _is_missing(error):
        return AudioError(f"{uri} does not exist: check the URI; that of a folder ends with /")
    error = error.__cause__ if isinstance(error.__cause__, Exception) else error
    reason = " ".join(str(error).split()) or type(error).__name__
    return AudioError(f"{uri} cannot be read ({reason}): check the URI, the network and the credentials")
