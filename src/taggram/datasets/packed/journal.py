"""The append-only journal of a store: one line of JSON per packed file.

It is authoritative while packing. A line is written after its samples are on disk, so samples in a shard beyond the
last line, and a truncated last line, are left over from an interrupted run.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from taggram.errors import DatasetError, MissingExtraError

if TYPE_CHECKING:
    from filelock import BaseFileLock

__all__ = ["FILE_NAME", "LOCK_NAME", "VERSION", "Entry", "Journal", "read_journal"]

FILE_NAME = "journal.jsonl"
LOCK_NAME = "pack.lock"  # stays in the store; only a lock that a process holds on it counts
VERSION = 1  # format of the whole store: journal, shards and manifest


@dataclass(frozen=True, slots=True)
class Entry:
    """Position of a file's audio in the store, and the state of the file when it was read.

    Attributes
    ----------
    path
        The file, as in the source.
    size, mtime_ns
        Size in bytes and modification time in nanoseconds; an unchanged file is recognised by them.
    hash
        SHA-256 of the file, in hexadecimal.
    shard, offset, length
        Number of the shard, first sample in it, and number of samples.
    warning
        Damage of the file; empty for an intact one.
    """

    path: str
    size: int
    mtime_ns: int
    hash: str
    shard: int
    offset: int
    length: int
    warning: str


class Journal:
    """The journal of one store, open and locked; a truncated last line is removed on opening.

    Parameters
    ----------
    folder
        Folder of the store; must exist.
    sample_rate
        Sample rate of the store in Hz; an existing store must have the same.

    Attributes
    ----------
    entries : dict of str to Entry
        The newest entry of each path.
    all_entries : list of Entry
        All entries, in the order they were written.

    Raises
    ------
    DatasetError
        If another process is packing into the store, or it is damaged, of another version or at another rate.
    """

    def __init__(self, folder: Path, sample_rate: int) -> None:
        self._lock = _lock(folder)
        try:
            self._file = (folder / FILE_NAME).open("a+b")
        except BaseException:
            self._lock.release()
            raise
        try:
            self.all_entries, end = _read(self._file, folder, sample_rate)
            self._file.truncate(end)
            if not end:
                self._write([{"taggram_store": VERSION, "sample_rate": sample_rate}])
        except BaseException:
            self.close()
            raise
        self.entries = {entry.path: entry for entry in self.all_entries}

    def add(self, entries: Iterable[Entry]) -> None:
        """Append entries; they are on disk when this returns."""
        new = list(entries)
        self._write([asdict(entry) for entry in new])
        self.all_entries += new
        self.entries.update((entry.path, entry) for entry in new)

    def close(self) -> None:
        """Close the file and release the lock."""
        self._file.close()
        self._lock.release()

    def _write(self, lines: list[dict[str, Any]]) -> None:
        self._file.write(b"".join(json.dumps(line).encode() + b"\n" for line in lines))
        self._file.flush()
        os.fsync(self._file.fileno())


def _lock(folder: Path) -> BaseFileLock:
    """Lock a store until the lock is released or this process ends."""
    try:
        from filelock import FileLock, Timeout
    except ModuleNotFoundError:
        raise MissingExtraError("the packed store", "train") from None

    lock = FileLock(folder / LOCK_NAME, thread_local=False)
    try:
        lock.acquire(blocking=False)
    except Timeout:
        raise DatasetError(f"{folder} is being packed by another process: wait for it to end") from None
    return lock


def read_journal(folder: Path, sample_rate: int) -> list[Entry]:
    """Read the entries of a store's journal without changing it; a store that does not exist has none.

    Parameters
    ----------
    folder
        Folder of the store.
    sample_rate
        Required sample rate in Hz.

    Raises
    ------
    DatasetError
        If it is damaged, of another version or at another rate.
    """
    if not (folder / FILE_NAME).is_file():
        return []
    with (folder / FILE_NAME).open("rb") as file:
        return _read(file, folder, sample_rate)[0]


def _read(file: BinaryIO, folder: Path, sample_rate: int) -> tuple[list[Entry], int]:
    """Return the entries, and the offset of the end of the last complete line."""
    file.seek(0)
    lines: list[dict[str, Any]] = []
    end = 0
    for raw in file:
        try:
            line = json.loads(raw) if raw.endswith(b"\n") else None
        except ValueError:
            line = None
        if not isinstance(line, dict):
            if file.read(1):
                where = f"{folder / FILE_NAME}, line {len(lines) + 1}"
                raise DatasetError(f"{where} is damaged: pack into another folder")
            break
        lines.append(line)
        end += len(raw)
    if lines:
        _check_header(folder, lines[0], sample_rate)
    try:
        return [Entry(**line) for line in lines[1:]], end
    except TypeError as error:
        raise DatasetError(f"{folder / FILE_NAME} is damaged: pack into another folder") from error


def _check_header(folder: Path, header: dict[str, Any], sample_rate: int) -> None:
    version, rate = header.get("taggram_store"), header.get("sample_rate")
    if version != VERSION:
        raise DatasetError(f"{folder} is a store of version {version}, not {VERSION}: pack into another folder")
    if rate != sample_rate:
        raise DatasetError(f"{folder} holds audio at {rate} Hz: pack at that rate, or into another folder")
