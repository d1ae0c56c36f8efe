"""Fetching published files: taken up where they broke off, checked, and put in place only when they are whole."""

from __future__ import annotations

import os
import shutil
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from email.utils import formatdate, parsedate_to_datetime
from http.client import HTTPException, HTTPResponse
from pathlib import Path

from taggram.datasets.dataset import Dataset, PublishedFile
from taggram.errors import DatasetError

__all__ = ["fetch", "require_space", "to_fetch"]

CHUNK = 1 << 18  # bytes
TIMEOUT = 60  # seconds without a byte
TRIES = 5  # connections for one file

Report = Callable[[int, int], None]


def to_fetch(dataset: Dataset, folder: Path) -> list[PublishedFile]:
    """Return the published files that have an address and are not in a folder.

    Raises
    ------
    DatasetError
        If a file is there that is not the published one: it is not overwritten.
    """
    wanted = []
    for published in dataset.files:
        file = folder / published.name
        if published.url and not file.exists():
            wanted.append(published)
        elif published.url and (fault := published.fault(file)):
            raise DatasetError(f"{file} is not the published file ({fault}): move it away, and run again to fetch it")
    return wanted


def require_space(files: Sequence[PublishedFile], folder: Path) -> None:
    """Make sure that files fit on the disk of a folder, as far as their sizes are known.

    Raises
    ------
    DatasetError
        If they do not.
    """
    _require(sum(max(0, published.size - _size(_part(folder / published.name))) for published in files), folder)


def fetch(published: PublishedFile, folder: Path, report: Report | None = None) -> Path:
    """Fetch a published file.

    It grows beside its place as ``NAME.part``. What a fetch that was stopped has left there is not fetched again if the
    server can give a part of a file and, where no checksum is known, says that its file has not changed since.

    Parameters
    ----------
    published
        What to fetch.
    folder
        Of the data set; made if it is not there.
    report
        Called with the bytes that are here and those of the whole file; 0 where nobody says how many those are.

    Returns
    -------
    Path
        The file.

    Raises
    ------
    DatasetError
        If it cannot be fetched or written, does not fit on the disk, or is not the published file.
    """
    file = folder / published.name
    part = _part(file)
    try:
        part.parent.mkdir(parents=True, exist_ok=True)
        _complete(published, part, report or (lambda _here, _whole: None))
        if fault := published.fault(part):
            part.unlink()
            raise DatasetError(f"{published.url} is not the published file ({fault}): nothing of it was kept")
        with part.open("ab") as whole:  # Windows syncs only what is open for writing
            os.fsync(whole.fileno())
        part.replace(file)
    except OSError as error:
        raise DatasetError(
            f"{file} cannot be written ({error.strerror or error}): see to that, and run again"
        ) from error
    return file


class _BrokenOffError(Exception):
    """The connection failed or ended too early."""


def _complete(published: PublishedFile, part: Path, report: Report) -> None:
    """Fetch what is missing; a connection that breaks off is followed by another as long as each brings something."""
    for left in reversed(range(TRIES)):
        before = _size(part)
        try:
            _go_on(published, part, report)
            return
        except _BrokenOffError as error:
            if not left or _size(part) <= before:
                raise DatasetError(
                    f"{published.url} could not be fetched ({error}): run again to go on, or put it by hand where "
                    f"{part.with_suffix('')} is to be"
                ) from error


def _go_on(published: PublishedFile, part: Path, report: Report) -> None:
    """Fetch what is missing over one connection."""
    here = _size(part)
    with _ask(published, part, here) as answer:
        if answer.status == 416:  # nothing is missing, or more is here than the file has
            if answer.headers.get("Content-Range") == f"bytes */{here}":
                return
            part.unlink()
            _go_on(published, part, report)
            return
        if answer.status != 206:
            here = 0
        length = int(answer.headers.get("Content-Length") or 0)
        whole = here + length if length else published.size
        _require(whole - here, part)
        changed = answer.headers.get("Last-Modified")
        stamp = parsedate_to_datetime(changed).timestamp() if changed else None
        report(here, whole)
        with part.open("ab" if here else "wb") as file:
            for chunk in _chunks(answer):
                file.write(chunk)
                file.flush()
                if stamp is not None:  # by which the server is asked whether its file is still the same
                    os.utime(part, (stamp, stamp))
                here += len(chunk)
                report(here, whole)
    if here < whole:
        raise _BrokenOffError(f"it ended after {here} of {whole} bytes")


def _ask(published: PublishedFile, part: Path, here: int) -> HTTPResponse | urllib.error.HTTPError:
    request = urllib.request.Request(published.url, headers={"User-Agent": "taggram"})  # noqa: S310 - as its data set states
    if here:
        request.add_header("Range", f"bytes={here}-")
        if not published.sha256:  # which would tell if the parts were of different files
            request.add_header("If-Range", formatdate(part.stat().st_mtime, usegmt=True))
    try:
        answer: HTTPResponse = urllib.request.urlopen(request, timeout=TIMEOUT)  # noqa: S310
        return answer
    except urllib.error.HTTPError as error:
        if error.code == 416 and here:
            return error
        raise _BrokenOffError(f"the server answers {error.code} {error.reason}") from error
    except (OSError, HTTPException) as error:
        raise _BrokenOffError(getattr(error, "reason", error)) from error


def _chunks(answer: HTTPResponse | urllib.error.HTTPError) -> Iterator[bytes]:
    try:
        while chunk := answer.read(CHUNK):
            yield chunk
    except (OSError, HTTPException) as error:
        raise _BrokenOffError(error) from error


def _require(needed: int, place: Path) -> None:
    """Raise an error if the disk of a place, which need not be there yet, has less room than that."""
    there = next(folder for folder in (place.absolute(), *place.absolute().parents) if folder.exists())
    free = shutil.disk_usage(there).free
    if needed > free:
        raise DatasetError(f"{place} needs {needed / 1e6:.1f} MB more, and its disk has {free / 1e6:.1f} MB: make room")


def _part(file: Path) -> Path:
    return file.with_name(f"{file.name}.part")


def _size(file: Path) -> int:
    return file.stat().st_size if file.exists() else 0
