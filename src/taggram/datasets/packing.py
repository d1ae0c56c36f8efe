"""Packing a listing into a store: decoded once, in parallel, written by one, and taken up again wherever it stopped."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Literal, Self

from taggram.audio.source import SAMPLE_RATES
from taggram.datasets.decoding import Decoded, decode_all
from taggram.datasets.journal import FILE_NAME, LOCK_NAME, Entry, Journal, read_journal
from taggram.datasets.listing import Listed, Listing
from taggram.datasets.manifest import require_parquet, write_manifest
from taggram.datasets.shards import ShardWriter
from taggram.errors import DatasetError

__all__ = ["SAMPLE_RATE", "SHARD_SECONDS", "Outcome", "Summary", "pack", "unpacked"]

SAMPLE_RATE = 16000
SHARD_SECONDS = 36000.0  # ten hours: 1.15 GB at 16 kHz
TOGETHER = 16  # clips that are brought to disk at once; a kill costs their decoding, and what was decoded ahead


@dataclass(frozen=True)
class Outcome:
    """What became of one clip.

    Attributes
    ----------
    clip
        As it was listed.
    state
        ``packed`` now, ``kept`` from an earlier run, or ``failed``.
    seconds
        Its duration; 0 if it failed.
    message
        Why it failed, or what is wrong with its file; empty if nothing is.
    """

    clip: Listed
    state: Literal["packed", "kept", "failed"]
    seconds: float = 0.0
    message: str = ""


@dataclass
class Summary:
    """How many clips became what.

    Attributes
    ----------
    packed, kept, failed
        Clips in each state of an `Outcome`; together all that were listed.
    damaged
        Those packed or kept whose file is damaged or was brought to another level.
    seconds
        Duration of those packed or kept.
    """

    packed: int = 0
    kept: int = 0
    failed: int = 0
    damaged: int = 0
    seconds: float = 0.0

    def __str__(self) -> str:
        states = f"{self.packed} packed, {self.kept} kept, {self.failed} failed, {self.damaged} damaged"
        return f"{states}, {self.seconds / 3600:.2f} h"

    def count(self, outcome: Outcome) -> None:
        """Count one more."""
        setattr(self, outcome.state, getattr(self, outcome.state) + 1)
        self.damaged += outcome.state != "failed" and bool(outcome.message)
        self.seconds += outcome.seconds


def pack(
    listing: Listing,
    store: str | os.PathLike[str],
    *,
    sample_rate: int = SAMPLE_RATE,
    workers: int = 1,
    shard_seconds: float = SHARD_SECONDS,
    report: Callable[[Outcome], None] | None = None,
) -> Summary:
    """Decode clips into a packed store, or bring one up to date.

    Stopped at any moment, even by a kill, it goes on where it was when it is called again. A file that is packed
    already is known by its size and time of change, or else by its content, and not decoded again; one that failed is
    tried again. At the end the store holds what the listing says: new labels and splits are taken over, and clips that
    are listed no more are no longer in the manifest. A clip that fails but was packed before keeps its earlier audio.

    Parameters
    ----------
    listing
        The clips.
    store
        Folder of the store; made if it is not there.
    sample_rate
        In Hz, 100 to 10 million.
    workers
        Processes that decode; with 1 it is this one, and a file that crashes the decoder ends it.
    shard_seconds
        When a shard is full; a longer clip has one of its own.
    report
        Called with what became of each clip, those kept first.

    Returns
    -------
    Summary
        How many clips became what.

    Raises
    ------
    DatasetError
        If the folder holds other things, a store of another source, rate or version, or cannot be written.
    MissingExtraError
        If pyarrow is not installed.
    """
    require_parquet()
    if sample_rate not in SAMPLE_RATES:
        raise DatasetError(f"clips cannot be packed at {sample_rate} Hz: ask for 100 to 10000000")
    folder, summary = Path(store), Summary()

    def tell(outcome: Outcome) -> None:
        summary.count(outcome)
        if report is not None:
            report(outcome)

    try:
        with _Writer(folder, listing, sample_rate, shard_seconds) as writer:
            todo = []
            for clip in listing.clips:
                entry = writer.entries.get(clip.path)
                if entry is not None and _is_unchanged(listing.file(clip), entry):
                    tell(Outcome(clip, "kept", entry.length / sample_rate, entry.warning))
                else:
                    todo.append(clip)
            decoded = decode_all([listing.file(clip) for clip in todo], sample_rate, writer.by_hash, workers)
            for clip, found in zip(todo, decoded, strict=True):
                if found.error:
                    tell(Outcome(clip, "failed", message=found.error))
                else:
                    entry = writer.add(clip, found)
                    state: Literal["packed", "kept"] = "kept" if found.samples is None else "packed"
                    tell(Outcome(clip, state, entry.length / sample_rate, entry.warning))
            writer.commit().result()
            entries = writer.entries
            rows = [(clip, entries[clip.path]) for clip in listing.clips if clip.path in entries]
            write_manifest(folder, sample_rate, rows)
    except OSError as error:
        raise DatasetError(
            f"{folder} cannot be written ({error.strerror or error}): see to that, and run again"
        ) from error
    return summary


def unpacked(listing: Listing, store: str | os.PathLike[str], sample_rate: int = SAMPLE_RATE) -> Iterator[Listed]:
    """Yield the clips that `pack` would read, without writing anything."""
    entries = {entry.path: entry for entry in read_journal(Path(store), sample_rate)}
    for clip in listing.clips:
        if clip.path not in entries or not _is_unchanged(listing.file(clip), entries[clip.path]):
            yield clip


@dataclass
class _Writer:
    """The one that writes: samples first, and when they are on disk the journal, while more is decoded."""

    folder: Path
    listing: Listing
    sample_rate: int
    shard_seconds: float
    pending: list[Entry] = field(default_factory=list)
    disk: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(1))
    begun: Future[None] | None = None

    def __enter__(self) -> Self:
        self.folder.mkdir(parents=True, exist_ok=True)
        names = {file.name for file in self.folder.iterdir()}
        if FILE_NAME not in names and names - {LOCK_NAME}:
            raise DatasetError(f"{self.folder} holds other things than a packed store: choose an empty folder")
        self.journal = Journal(self.folder, self.sample_rate)
        self.entries = self.journal.entries
        self.by_hash = {entry.hash: entry for entry in self.journal.all_entries}
        try:
            if self.entries and self.entries.keys().isdisjoint(clip.path for clip in self.listing.clips):
                raise DatasetError(f"{self.folder} holds the clips of another source: choose another folder")
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

    def add(self, clip: Listed, found: Decoded) -> Entry:
        """Write a clip, unless its audio is in the store already."""
        same = self.by_hash.get(found.hash)
        if same is None:
            assert found.samples is not None
            place, length, warning = self.shards.add(found.samples), found.samples.size, found.warning
        else:
            place, length, warning = (same.shard, same.offset), same.length, same.warning
        entry = Entry(clip.path, found.size, found.mtime_ns, found.hash, *place, length, warning)
        self.by_hash[found.hash] = entry
        self.pending.append(entry)
        if len(self.pending) >= TOGETHER:
            self.commit()
        return entry

    def commit(self) -> Future[None]:
        """Begin to bring to disk what was added, once all that was added before is there."""
        if self.begun is not None:
            self.begun.result()
        self.begun = self.disk.submit(self._bring_to_disk, self.pending)
        self.pending = []
        return self.begun

    def _bring_to_disk(self, entries: list[Entry]) -> None:
        if entries:
            self.shards.sync()
            self.journal.add(entries)


def _is_unchanged(file: Path, entry: Entry) -> bool:
    try:
        status = file.stat()
    except OSError:
        return False
    return (status.st_size, status.st_mtime_ns) == (entry.size, entry.mtime_ns)
