"""Runs that write files, with a journal by which each can be undone."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from taggram._files import sha256
from taggram._text import printable
from taggram.errors import LibraryError, MissingExtraError, TaggramError
from taggram.library.collection import Collection
from taggram.library.store import FileState, LibraryStore
from taggram.library.writing.apply import part_of, read_values, write_values
from taggram.library.writing.file_tags import SIDECAR
from taggram.library.writing.plan import Change, Policy, plan

__all__ = ["WriteSummary", "undo", "write"]


@dataclass(frozen=True)
class WriteSummary:
    """What was written or undone.

    Attributes
    ----------
    run
        Number of the run, by which it can be undone; None if nothing was written.
    changes
        Of the files that were written.
    failed
        Why others were not, by path.
    """

    run: int | None
    changes: list[Change]
    failed: dict[str, TaggramError]


def write(
    store: LibraryStore,
    collection: Collection,
    paths: Iterable[str | os.PathLike[str]],
    policy: Policy,
    *,
    apply: bool,
    keep_times: bool,
    on_change: Callable[[Change], None],
    on_error: Callable[[str, TaggramError], None],
) -> WriteSummary:
    """Write tags into files; see `Library.write`."""
    failed: dict[str, TaggramError] = {}
    done: list[Change] = []
    run: int | None = None

    def fail(path: str, error: TaggramError) -> None:
        failed[path] = error
        on_error(path, error)

    if apply:
        for note, path in store.last_writes():
            _remove_part(path, note)
    for change in plan(store, collection, paths, policy, on_error=fail):
        if apply:
            run = store.start_run() if run is None else run
            note = store.put_write(run, change.path, change.before, change.after)
            try:
                _write(store, change.path, change.after, note, keep_times)
            except LibraryError as error:
                store.drop_write(note)
                fail(change.path, error)
                continue
        done.append(change)
        on_change(change)
    return WriteSummary(run, done, failed)


def undo(
    store: LibraryStore,
    run: int | None,
    *,
    keep_times: bool,
    on_change: Callable[[Change], None],
    on_error: Callable[[str, TaggramError], None],
) -> WriteSummary:
    """Restore the values that files had before a run; see `Library.undo`."""
    runs = [stored.id for stored in store.runs()]
    if not runs:
        raise LibraryError("there is nothing to undo")
    if run is None:
        run = runs[0]
    elif run not in runs:
        raise LibraryError(f"there is no run {run} to undo; there are: {', '.join(map(str, runs))}")
    failed: dict[str, TaggramError] = {}
    done = []
    for note, path, before, after in store.writes(run):
        _remove_part(path, note)
        try:
            now = read_values(path, tuple(after))
            if not _equal(now, before):  # equal where the run was killed before it wrote the file
                if not _equal(now, after):
                    values = "; ".join(f"{field} reads {', '.join(now[field]) or 'nothing'}" for field in now)
                    raise LibraryError(f"{printable(path)} was changed since ({values}) and is left alone")
                _write(store, path, before, note, keep_times)
                done.append(Change(path, after, before))
                on_change(done[-1])
            store.drop_write(note)
        except MissingExtraError:
            raise
        except TaggramError as error:
            failed[path] = error
            on_error(path, error)
    return WriteSummary(run, done, failed)


def _remove_part(path: str, note: int) -> None:
    """Remove what a killed process left beside a file."""
    with contextlib.suppress(OSError):
        part_of(path, note).unlink(missing_ok=True)


def _write(store: LibraryStore, path: str, values: Mapping[str, list[str]], note: int, keep_times: bool) -> None:
    """Write values into a file; one that is as it was scanned stays known to the next scan."""
    known = not path.endswith(SIDECAR) and store.scanned_state(path) == FileState.if_any(path)
    write_values(path, values, note, keep_times=keep_times)
    if known:
        store.rewrite(path, FileState.of(path), sha256(Path(path)))


def _equal(one: Mapping[str, list[str]], other: Mapping[str, list[str]]) -> bool:
    return {field: sorted(values) for field, values in one.items()} == {
        field: sorted(values) for field, values in other.items()
    }
