"""SQLite databases that several processes use at once."""

from __future__ import annotations

import contextlib
import sqlite3
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from taggram.errors import TaggramError

__all__ = ["Database", "DatabaseKind"]

PAGE = 8192  # bytes; five rows with the scores and the embedding of the default model fill one
CACHE = 32768  # KiB of pages in memory: an index of 200,000 hashes, which are looked up in no order
PATIENCE = 60.0  # seconds to wait for another process that writes


@dataclass(frozen=True)
class DatabaseKind:
    """What a database is for.

    Attributes
    ----------
    name
        In errors, such as ``"library"``.
    application
        Number that marks the file as a database of this kind.
    version
        Of the tables.
    tables
        Statements that make them.
    error
        What is raised for a file that is not usable.
    remedy
        What to do about one that is damaged or of another version.
    migrations
        Statements that lead from each of the latest versions to the next one, up to `version`.
    """

    name: str
    application: int
    version: int
    tables: tuple[str, ...]
    error: type[TaggramError]
    remedy: str
    migrations: tuple[tuple[str, ...], ...] = ()


class Database:
    """A database, which is made if it does not exist.

    Each statement is on disk when it returns, or when the transaction around it ends.

    Parameters
    ----------
    file
        On a local disk.
    kind
        What it must be.

    Raises
    ------
    TaggramError
        Of the kind's class, if the file is damaged, of another program or version, or cannot be written; so do all
        methods.
    """

    def __init__(self, file: Path, kind: DatabaseKind) -> None:
        self.file, self._kind = file, kind
        with self.readable():
            file.parent.mkdir(parents=True, exist_ok=True)
            self._connection = sqlite3.connect(file, timeout=PATIENCE, isolation_level=None)
        try:
            with self.readable():
                self._prepare()
        except BaseException:
            self._connection.close()
            raise

    def close(self) -> None:
        """Close the file."""
        self._connection.close()

    def rows(self, statement: str, values: Sequence[Any] = ()) -> list[Any]:
        """Run a statement and return its rows."""
        with self.readable():
            return self._connection.execute(statement, values).fetchall()

    def blocks(self, statement: str, values: Sequence[Any], size: int) -> Iterator[list[Any]]:
        """Run a query and yield its rows in lists of a size."""
        with self.readable():
            cursor = self._connection.execute(statement, values)
            while block := cursor.fetchmany(size):
                yield block

    def state(self) -> tuple[int, int]:
        """Return what is another value after each change, by this process or another."""
        return self._pragma("data_version"), self._connection.total_changes

    def run_many(self, statement: str, values: Iterable[Sequence[Any]]) -> None:
        """Run a statement once for each of the values; use `transaction` around it for speed."""
        with self.readable():
            self._connection.executemany(statement, values)

    @contextlib.contextmanager
    def transaction(self) -> Iterator[None]:
        """Write everything in the block together, or nothing."""
        self.rows("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            with contextlib.suppress(sqlite3.Error):
                self._connection.execute("ROLLBACK")
            raise
        self.rows("COMMIT")

    @contextlib.contextmanager
    def readable(self) -> Iterator[None]:
        """Raise the errors of SQLite, and of what is read, as those of the kind."""
        name, remedy = self._kind.name, self._kind.remedy
        try:
            yield
        except (OSError, sqlite3.OperationalError) as error:  # the disk is full, the folder read-only
            raise self._kind.error(f"{self.file} cannot be used as a {name} ({error}): check its folder") from error
        except (sqlite3.Error, ValueError) as error:
            raise self._kind.error(f"{self.file} is not a usable {name} ({error}): {remedy}") from error

    def _prepare(self) -> None:
        """Make the tables of a new database; refuse one of another program or version, untouched."""
        kind = self._kind
        if self._is_empty():
            self._connection.execute(f"PRAGMA page_size = {PAGE}")
            self._use_write_ahead_log()
            self._connection.execute("BEGIN IMMEDIATE")
            if self._is_empty():  # still, now that no other process can write
                for statement in kind.tables:
                    self._connection.execute(statement)
                self._connection.execute(f"PRAGMA application_id = {kind.application}")
                self._connection.execute(f"PRAGMA user_version = {kind.version}")
            self._connection.execute("COMMIT")
        if self._pragma("application_id") != kind.application:
            raise kind.error(f"{self.file} is a database of another program: choose another file for the {kind.name}")
        if kind.version - len(kind.migrations) <= self._pragma("user_version") < kind.version:
            self._migrate()
        if self._pragma("user_version") != kind.version:
            raise kind.error(f"{self.file} is a {kind.name} of another version of taggram: {kind.remedy}")
        # No flush per transaction: a killed process loses nothing, a power cut at most the latest entries.
        self._connection.execute("PRAGMA synchronous = NORMAL")
        self._connection.execute(f"PRAGMA cache_size = -{CACHE}")

    def _migrate(self) -> None:
        """Bring the tables of an earlier version to the present one, all together or not at all."""
        with self.transaction():
            behind = self._kind.version - self._pragma("user_version")  # no more, if another process was faster
            for statement in (
                line for step in self._kind.migrations[len(self._kind.migrations) - behind :] for line in step
            ):
                self._connection.execute(statement)
            self._connection.execute(f"PRAGMA user_version = {self._kind.version}")

    def _use_write_ahead_log(self) -> None:
        """Let processes read while another one writes."""
        patience = time.monotonic() + PATIENCE
        while True:
            try:
                self._connection.execute("PRAGMA journal_mode = WAL")
                return
            except sqlite3.OperationalError:  # this statement alone does not wait for other processes
                if time.monotonic() > patience:
                    raise
                time.sleep(0.01)

    def _is_empty(self) -> bool:
        return self._connection.execute("SELECT 1 FROM sqlite_master").fetchone() is None

    def _pragma(self, name: str) -> int:
        value: int = self.rows(f"PRAGMA {name}")[0][0]
        return value
