"""Packing a clip index into a store: files are decoded once, in parallel, and an interrupted run resumes."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Literal, Self

from taggram._progress import ProgressHook, no_progress
from taggram.audio.source import SAMPLE_RATES
from taggram.datasets.index import ClipIndex, ClipInfo
from taggram.datasets.packed.decode import Decoded, decode_all
from taggram.datasets.packed.journal import FILE_NAME, LOCK_NAME, Entry, Journal, read_journal
from taggram.datasets.packed.manifest import require_parquet, write_manifest
from taggram.datasets.packed.shards import ShardWriter
from taggram.errors import DatasetError

__all__ = ["SAMPLE_RATE", "SHARD_SECONDS", "PackResult", "PackSummary", "missing_clips", "pack"]

SAMPLE_RATE = 16000
SHARD_SECONDS = 36000.0  # ten hours: 1.15 GB at 16 kHz
BATCH = 16  # clips per flush to disk; a kill costs decoding them, and the clips decoded in advance


@dataclass(frozen=True)
class PackResult:
    """Result of packing one clip.

    Attributes
    ----------
    clip
        The clip.
    state
        ``packed`` now, ``kept`` from an earlier run, or ``failed``.
    seconds
        Duration; 0 if it failed.
    message
        Reason of the failure, or damage of the file; empty for an intact one.
    """

    clip: ClipInfo
    state: Literal["packed", "kept", "failed"]
    seconds: float = 0.0
    message: str = ""


@dataclass
class PackSummary:
    """Counts over the results of all clips.

    Attributes
    ----------
    packed, kept, failed
        Clips in each state of a `PackResult`; they sum to all clips.
    damaged
        Packed or kept clips whose file is damaged or was sanitized.
    seconds
        Duration of packed and kept clips.
    """

    packed: int = 0
    kept: int = 0
    failed: int = 0
    damaged: int = 0
    seconds: float = 0.0

    def __str__(self) -> str:
        states = f"{self.packed} packed, {self.kept} kept, {self.failed} failed, {self.damaged} damaged"
        return f"{states}, {self.seconds / 3600:.2f} h"

    def add(self, result: PackResult) -> None:
        """Count one more result."""
        setattr(self, result.state, getattr(self, result.state) + 1)
        self.damaged += result.state != "failed" and bool(result.message)
        self.seconds += result.seconds


def pack(
    index: ClipIndex,
    store: str | os.PathLike[str],
    *,
    sample_rate: int = SAMPLE_RATE,
    workers: int = 1,
    shard_seconds: float = SHARD_SECONDS,
    report: Callable[[PackResult], None] | None = None,
    progress: ProgressHook = no_progress,
) -> PackSummary:
    """Decode clips into a packed store, or update an existing one.

    Interrupted at any moment, even by a kill, it resumes when it is called again. A file that is packed already is
    recognised by its size and modification time, or else by its content, and not decoded again; a failed one is tried
    again. Afterwards the store matches the index: labels and splits are updated, and clips that are no longer in the
    index leave the manifest. A clip that fails but was packed before keeps its earlier audio.

    Parameters
    ----------
    index
        The clips.
    store
        Folder of the store; created if missing.
    sample_rate
        In Hz, 100 to 10 million.
    workers
        Decoding processes. With 1, files are decoded in this process, and one that crashes the decoder ends it.
    shard_seconds
        Maximum duration of a shard; a longer clip gets a shard of its own.
    report
        Called with the result of each clip, kept ones first.
    progress
        Shows the progress in clips.

    Returns
    -------
    PackSummary
        Counts over all clips.

    Raises
    ------
    DatasetError
        If the folder contains other files, or a store of another source, rate or version, or cannot be written.
    MissingExtraError
        If pyarrow is not installed.

    Examples
    --------
    >>> import tempfile
    >>> from taggram.datasets import list_folder
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     summary = pack(list_folder("examples"), folder)
    >>> summary.packed
    3
    """
    require_parquet()
    if sample_rate not in SAMPLE_RATES:
        raise DatasetError(f"clips cannot be packed at {sample_rate} Hz: choose 100 to 10000000")
    folder, summary = Path(store), PackSummary()
    try:
        with _StoreWriter(folder, index, sample_rate, shard_seconds) as writer:
            for result in progress(_pack_clips(writer, workers), len(index.clips), "packing"):
                summary.add(result)
                if report is not None:
                    report(result)
            writer.commit().result()
            entries = writer.entries
            rows = [(clip, entries[clip.path]) for clip in index.clips if clip.path in entries]
            write_manifest(folder, sample_rate, rows)
    except OSError as error:
        raise DatasetError(
            f"{folder} cannot be written ({error.strerror or error}): fix the cause, and run again"
        ) from error
    return summary


def missing_clips(
    index: ClipIndex, store: str | os.PathLike[str], sample_rate: int = SAMPLE_RATE
) -> Iterator[ClipInfo]:
    """Yield the clips that `pack` would read, without writing anything."""
    entries = {entry.path: entry for entry in read_journal(Path(store), sample_rate)}
    for clip in index.clips:
        if clip.path not in entries or not _is_unchanged(index.file(clip), entries[clip.path]):
            yield clip


@dataclass
class _StoreWriter:
    """Writes samples and, once they are on disk, the journal, while more files are being decoded."""

    folder: Path
    index: ClipIndex
    sample_rate: int
    shard_seconds: float
    pending: list[Entry] = field(default_factory=list)
    disk: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(1))
    flushing: Future[None] | None = None

    def __enter__(self) -> Self:
        self.folder.mkdir(parents=True, exist_ok=True)
        names = {file.name for file in self.folder.iterdir()}
        if FILE_NAME not in names and names - {LOCK_NAME}:
            raise DatasetError(f"{self.folder} contains files that are no packed store: choose an empty folder")
        self.journal = Journal(self.folder, self.sample_rate)
        self.entries = self.journal.entries
        self.by_hash = {entry.hash: entry for entry in self.journal.all_entries}
        try:
            if self.entries and self.entries.keys().isdisjoint(clip.path for clip in self.index.clips):
                raise DatasetError(f"{self.folder} contains the clips of another source: choose another folder")
            limit = round(self.shard_seconds * self.sample_rate)
            self.shards = ShardWriter(self.folder, self.journal.all_entries, limit)
        except BaseException:
            self.journal.close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        with contextlib.closing(self.journal), contextlib.closing(self.shards), self.disk:
            if not isinstance(error, OSError):  # such as a full disk
                self.commit().result()

    def add(self, clip: ClipInfo, decoded: Decoded) -> Entry:
        """Write a clip, unless its audio is in the store already."""
        same = self.by_hash.get(decoded.hash)
        if same is None:
            assert decoded.samples is not None
            position, length, warning = self.shards.add(decoded.samples), decoded.samples.size, decoded.warning
        else:
            position, length, warning = (same.shard, same.offset), same.length, same.warning
        entry = Entry(clip.path, decoded.size, decoded.mtime_ns, decoded.hash, *position, length, warning)
        self.by_hash[decoded.hash] = entry
        self.pending.append(entry)
        if len(self.pending) >= BATCH:
            self.commit()
        return entry

    def commit(self) -> Future[None]:
        """Start flushing the added clips to disk, after the previous flush has ended."""
        if self.flushing is not None:
            self.flushing.result()
        self.flushing = self.disk.submit(self._flush, self.pending)
        self.pending = []
        return self.flushing

    def _flush(self, entries: list[Entry]) -> None:
        if entries:
            self.shards.sync()
            self.journal.add(entries)


def _pack_clips(writer: _StoreWriter, workers: int) -> Iterator[PackResult]:
    index, sample_rate, todo = writer.index, writer.sample_rate, []
    for clip in index.clips:
        entry = writer.entries.get(clip.path)
        if entry is not None and _is_unchanged(index.file(clip), entry):
            yield PackResult(clip, "kept", entry.length / sample_rate, entry.warning)
        else:
            todo.append(clip)
    files = [index.file(clip) for clip in todo]
    for clip, decoded in zip(todo, decode_all(files, sample_rate, writer.by_hash, workers), strict=True):
        if decoded.error:
            yield PackResult(clip, "failed", message=decoded.error)
        else:
            entry = writer.add(clip, decoded)
            state: Literal["packed", "kept"] = "kept" if decoded.samples is None else "packed"
            yield PackResult(clip, state, entry.length / sample_rate, entry.warning)


def _is_unchanged(file: Path, entry: Entry) -> bool:
    try:
        status = file.stat()
    except OSError:
        return False
    return (status.st_size, status.st_mtime_ns) == (entry.size, entry.mtime_ns)
