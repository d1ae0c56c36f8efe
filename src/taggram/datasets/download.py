"""Download of published files: resumed after an interruption, verified, and moved into place once complete."""

from __future__ import annotations

import os
import shutil
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from email.utils import formatdate, parsedate_to_datetime
from http.client import HTTPException, HTTPResponse
from pathlib import Path

from taggram._progress import ProgressHook, no_progress
from taggram.datasets.base import Dataset, PublishedFile
from taggram.errors import DatasetError

__all__ = ["DownloadResult", "check_disk_space", "download", "download_file", "files_to_download"]

CHUNK = 1 << 18  # bytes
TIMEOUT = 60  # seconds without a byte
ATTEMPTS = 5  # connections per file


@dataclass(frozen=True)
class DownloadResult:
    """Outcome of a download.

    Attributes
    ----------
    files
        Files that were downloaded.
    missing
        Required published files that the folder still lacks.
    """

    files: tuple[Path, ...]
    missing: tuple[str, ...]


def download(
    dataset: Dataset,
    folder: str | os.PathLike[str],
    *,
    confirm: Callable[[Sequence[PublishedFile]], bool] | None = None,
    report: Callable[[Path], None] | None = None,
    progress: ProgressHook = no_progress,
) -> DownloadResult:
    """Download the published files that have a URL and are missing from a folder.

    Parameters
    ----------
    dataset
        The data set.
    folder
        Its folder; created if missing.
    confirm
        Called with the files once the disk has room for them; if it returns False, nothing is downloaded.
    report
        Called with each file once it is complete.
    progress
        Shows the progress of each file, in bytes.

    Returns
    -------
    DownloadResult
        What was downloaded and what is still missing.

    Raises
    ------
    DatasetError
        If a file cannot be downloaded or written, does not fit on the disk, or is not the published file.
    """
    folder = Path(folder)
    files = files_to_download(dataset, folder)
    check_disk_space(files, folder)
    if files and confirm is not None and not confirm(files):
        files = []
    paths = []
    for published in files:
        paths.append(download_file(published, folder, progress))
        if report is not None:
            report(paths[-1])
    missing = (file.name for file in dataset.files if file.required and not (folder / file.name).exists())
    return DownloadResult(tuple(paths), tuple(missing))


def files_to_download(dataset: Dataset, folder: str | os.PathLike[str]) -> list[PublishedFile]:
    """Return the published files that have a URL and are missing from a folder.

    Raises
    ------
    DatasetError
        If another file has the name of a published one: it is not overwritten.
    """
    missing = []
    for published in dataset.files:
        file = Path(folder) / published.name
        if published.url and not file.exists():
            missing.append(published)
        elif published.url and (mismatch := published.mismatch(file)):
            raise DatasetError(
                f"{file} is not the published file ({mismatch}): move it away, and run again to download it"
            )
    return missing


def check_disk_space(files: Sequence[PublishedFile], folder: Path) -> None:
    """Check that the disk of a folder has room for files, as far as their sizes are known.

    Raises
    ------
    DatasetError
        If it has not.
    """
    _require_bytes(sum(max(0, published.size - _size(_part(folder / published.name))) for published in files), folder)


def download_file(published: PublishedFile, folder: Path, progress: ProgressHook = no_progress) -> Path:
    """Download one published file.

    The data is written to ``NAME.part`` beside the destination. An interrupted download continues there if the server
    supports ranges and, where no checksum is known, confirms that its file has not changed since.

    Parameters
    ----------
    published
        The file.
    folder
        Folder of the data set; created if missing.
    progress
        Shows the progress in bytes.

    Returns
    -------
    Path
        The file.

    Raises
    ------
    DatasetError
        If it cannot be downloaded or written, does not fit on the disk, or is not the published file.
    """
    file = folder / published.name
    part = _part(file)
    try:
        part.parent.mkdir(parents=True, exist_ok=True)
        _complete(published, part, progress)
        if mismatch := published.mismatch(part):
            part.unlink()
            raise DatasetError(f"{published.url} is not the published file ({mismatch}): it was deleted again")
        with part.open("ab") as whole:  # Windows syncs only what is open for writing
            os.fsync(whole.fileno())
        part.replace(file)
    except OSError as error:
        raise DatasetError(
            f"{file} cannot be written ({error.strerror or error}): fix the cause, and run again"
        ) from error
    return file


class _ConnectionLostError(Exception):
    """The connection failed or ended too early."""


def _complete(published: PublishedFile, part: Path, progress: ProgressHook) -> None:
    """Download the missing bytes; reconnect as long as each connection adds some."""
    for left in reversed(range(ATTEMPTS)):
        before = _size(part)
        try:
            _resume(published, part, progress)
            return
        except _ConnectionLostError as error:
            if not left or _size(part) <= before:
                raise DatasetError(
                    f"{published.url} could not be downloaded ({error}): run again to resume, or save it yourself as "
                    f"{part.with_suffix('')}"
                ) from error


def _resume(published: PublishedFile, part: Path, progress: ProgressHook) -> None:
    """Download the missing bytes over one connection."""
    done = _size(part)
    with _request(published, part, done) as response:
        if response.status == 416:  # the part is complete, or longer than the file
            if response.headers.get("Content-Range") == f"bytes */{done}":
                return
            part.unlink()
            _resume(published, part, progress)
            return
        if response.status != 206:
            done = 0
        length = int(response.headers.get("Content-Length") or 0)
        total = done + length if length else published.size
        _require_bytes(total - done, part)
        modified = response.headers.get("Last-Modified")
        stamp = parsedate_to_datetime(modified).timestamp() if modified else None
        with part.open("ab" if done else "wb") as file:
            for chunk in progress(_chunks(response), total or None, published.name, size=len, done=done):
                file.write(chunk)
                file.flush()
                if stamp is not None:  # sent back as If-Range when the download is resumed
                    os.utime(part, (stamp, stamp))
                done += len(chunk)
    if done < total:
        raise _ConnectionLostError(f"it ended after {done} of {total} bytes")


def _request(published: PublishedFile, part: Path, done: int) -> HTTPResponse | urllib.error.HTTPError:
    request = urllib.request.Request(published.url, headers={"User-Agent": "taggram"})  # noqa: S310 - from the data set
    if done:
        request.add_header("Range", f"bytes={done}-")
        if not published.sha256:  # which would reveal parts of different files
            request.add_header("If-Range", formatdate(part.stat().st_mtime, usegmt=True))
    try:
        response: HTTPResponse = urllib.request.urlopen(request, timeout=TIMEOUT)  # noqa: S310
        return response
    except urllib.error.HTTPError as error:
        if error.code == 416 and done:
            return error
        raise _ConnectionLostError(f"the server answers {error.code} {error.reason}") from error
    except (OSError, HTTPException) as error:
        raise _ConnectionLostError(getattr(error, "reason", error)) from error


def _chunks(response: HTTPResponse | urllib.error.HTTPError) -> Iterator[bytes]:
    try:
        while chunk := response.read(CHUNK):
            yield chunk
    except (OSError, HTTPException) as error:
        raise _ConnectionLostError(error) from error


def _require_bytes(needed: int, path: Path) -> None:
    """Raise an error if the disk of a path, which need not exist yet, has less free space."""
    existing = next(folder for folder in (path.absolute(), *path.absolute().parents) if folder.exists())
    free = shutil.disk_usage(existing).free
    if needed > free:
        raise DatasetError(f"{path} needs {needed / 1e6:.1f} MB more, and its disk has {free / 1e6:.1f} MB: free space")


def _part(file: Path) -> Path:
    return file.with_name(f"{file.name}.part")


def _size(file: Path) -> int:
    return file.stat().st_size if file.exists() else 0
