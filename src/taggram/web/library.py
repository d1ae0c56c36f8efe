"""The library of the server: reading in one thread, which keeps it in memory, and writing in another."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

import numpy as np

from taggram._text import printable
from taggram.errors import LibraryError
from taggram.library import Library, LibraryMap
from taggram.library.collection import Collection
from taggram.library.map import make_map
from taggram.web.errors import RequestError, UnknownNameError

__all__ = ["LibraryAccess", "without_folders"]

Result = TypeVar("Result")

NO_LIBRARY = "this server has no library: make one with taggram library scan FOLDER"
BUSY = RequestError(429, "files are being written: try again when that is done", retry_after=5)


class LibraryAccess:
    """Access to a library from requests.

    An SQLite connection belongs to one thread: a thread of its own opens the library for reading, and each write
    opens it anew. Errors name the library and its files without their folders.

    Parameters
    ----------
    file
        The database; None: there is no library.
    """

    def __init__(self, file: Path | None) -> None:
        self._file = file
        self._thread = ThreadPoolExecutor(1, "library")
        self._library: Library | None = None
        self._identity: tuple[int, int] | None = None
        self._writing = False
        self._map_lock = asyncio.Lock()
        self._map: tuple[bytes, LibraryMap] | None = None
        self.closing = False

    @property
    def exists(self) -> bool:
        """Whether there is a library now; a scan may make it while the server runs."""
        return self._file is not None and self._file.is_file()

    async def read(self, function: Callable[[Library], Result]) -> Result:
        """Call a function with the library in the thread that reads.

        Raises
        ------
        UnknownNameError
            If there is no library.
        LibraryError
            If it cannot be used, or by the function.
        """
        return await asyncio.get_running_loop().run_in_executor(self._thread, self._call, function)

    async def write(self, function: Callable[[Library], Result]) -> Result:
        """Call a function that reads or writes the tags in files, in a thread of its own.

        Raises
        ------
        RequestError
            With status 429, while another such function runs.
        UnknownNameError
            If there is no library.
        LibraryError
            If it cannot be used, or by the function.
        """
        if self._writing:
            raise BUSY
        self._writing = True
        work = asyncio.ensure_future(asyncio.to_thread(self._call_once, function))
        work.add_done_callback(self._end_writing)
        return await asyncio.shield(work)  # a file is never left half-way, even if nobody waits any more

    async def map(self) -> LibraryMap:
        """Return the map, which is made again when the tracks or their embeddings change."""
        collection = await self.read(_load)
        async with self._map_lock:
            digest = await asyncio.to_thread(_digest, collection)
            if self._map is None or self._map[0] != digest:
                self._map = digest, await asyncio.to_thread(make_map, collection)
            return self._map[1]

    def close(self) -> None:
        """End the thread, and a write before its next file."""
        self.closing = True
        self._thread.submit(self._close)
        self._thread.shutdown()

    def _end_writing(self, _: object) -> None:
        self._writing = False

    def _call(self, function: Callable[[Library], Result]) -> Result:
        file = self._require()
        status = file.stat()
        if self._identity != (status.st_dev, status.st_ino):  # it was made, or made anew
            self._close()
            with _without_folder(file):
                self._library = Library(file)
            self._identity = status.st_dev, status.st_ino
        assert self._library is not None
        with _without_folder(file):
            return function(self._library)

    def _call_once(self, function: Callable[[Library], Result]) -> Result:
        file = self._require()
        with _without_folder(file), Library(file) as library:
            return function(library)

    def _require(self) -> Path:
        if self._file is None or not self.exists:
            raise UnknownNameError(NO_LIBRARY)
        return self._file

    def _close(self) -> None:
        if self._library is not None:
            self._library.close()
        self._library = self._identity = None


def without_folders(text: str, *files: Path) -> str:
    """Return an error with files named without their folders, as clients may not learn where music is."""
    for file in files:
        for folder in {file.parent, Path(os.path.realpath(file)).parent}:
            for written in {str(folder), printable(str(folder))}:
                text = text.replace(os.path.join(written, ""), "")
    return text


@contextlib.contextmanager
def _without_folder(file: Path) -> Iterator[None]:
    try:
        yield
    except LibraryError as error:
        raise LibraryError(without_folders(str(error), file)) from None


def _load(library: Library) -> Collection:
    """Read the arrays of a map, which then needs the database no more."""
    collection = library.collection()
    _ = collection.ids, collection.embeddings, collection.probabilities
    return collection


def _digest(collection: Collection) -> bytes:
    digest = hashlib.sha256(collection.model.hash.encode())
    digest.update(collection.ids.data)
    digest.update(np.ascontiguousarray(collection.embeddings).data)
    return digest.digest()
