"""What a clip's sound is known by: hashes of file and samples, and an embedding; kept, so that each is made once."""

from __future__ import annotations

import contextlib
import hashlib
import os
import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

import numpy as np

from taggram.datasets.decoding import decode_all
from taggram.datasets.packing import SAMPLE_RATE
from taggram.errors import DatasetError

if TYPE_CHECKING:
    from jaxtyping import Float32

__all__ = ["Hashes", "Sound", "SoundCache", "Sounds", "hash_files"]

TOGETHER = 64  # clips that are brought to disk at once


@dataclass(frozen=True)
class Hashes:
    """What a file is, to the bit.

    Attributes
    ----------
    file, samples
        SHA-256 of the file, and of its samples: mono, 16 kHz, 16 bits.
    error
        Why it could not be decoded; empty if it could.
    """

    file: str = ""
    samples: str = ""
    error: str = ""


@dataclass(frozen=True, eq=False)
class Sound:
    """A clip as it sounds.

    Attributes
    ----------
    file, samples
        As in `Hashes`.
    embedding : (size,) float32
        What a model makes of it.
    """

    file: str
    samples: str
    embedding: Float32[np.ndarray, " size"]


@dataclass(frozen=True, eq=False)
class Sounds:
    """The sounds of a listing, clip by clip.

    Attributes
    ----------
    model
        Which model made the embeddings.
    files, samples
        Hashes of each clip, see `Hashes`; empty for a clip without audio.
    embeddings : (clips, size) float32
        A row of NaN for a clip without audio.
    failed
        How many files are there and cannot be decoded.
    """

    model: str
    files: tuple[str, ...]
    samples: tuple[str, ...]
    embeddings: Float32[np.ndarray, "clips size"]
    failed: int = 0

    @classmethod
    def of(cls, model: str, sounds: Sequence[Sound | None], failed: int = 0) -> Sounds:
        """Bring sounds together; None is a clip without audio."""
        size = next((sound.embedding.size for sound in sounds if sound), 0)
        blank = Sound("", "", np.full(size, np.nan, np.float32))
        full = [sound or blank for sound in sounds]
        embeddings = np.array([sound.embedding for sound in full], np.float32).reshape(len(full), size)
        return cls(model, tuple(s.file for s in full), tuple(s.samples for s in full), embeddings, failed)


def hash_files(files: Sequence[Path], workers: int) -> Iterator[Hashes]:
    """Hash files and their samples, in their order, in several processes; a file that fails says why."""
    for found in decode_all(files, SAMPLE_RATE, (), workers):
        samples = "" if found.samples is None else hashlib.sha256(found.samples.tobytes()).hexdigest()
        yield Hashes(found.hash, samples, found.error)


class SoundCache:
    """Sounds on disk, by file and model; a file that has changed is not known any more.

    Parameters
    ----------
    database
        Its file, which is made if need be.
    model
        Whose embeddings are meant: such as the SHA-256 of its file.

    Raises
    ------
    DatasetError
        If it cannot be opened.
    """

    def __init__(self, database: Path, model: str) -> None:
        self._database, self._model, self._pending = database, model, 0
        try:
            database.parent.mkdir(parents=True, exist_ok=True)
            with contextlib.ExitStack() as opened:
                self._connection = opened.enter_context(contextlib.closing(sqlite3.connect(database, timeout=60)))
                self._connection.execute(
                    "CREATE TABLE IF NOT EXISTS sounds (model TEXT, path TEXT, size INTEGER, mtime_ns INTEGER, "
                    "file TEXT, samples TEXT, embedding BLOB, PRIMARY KEY (model, path))"
                )
                opened.pop_all()  # from here on it stays open
        except (OSError, sqlite3.Error) as error:
            raise DatasetError(
                f"{database} cannot be used as a cache ({error}): remove it, or see to its folder"
            ) from None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._connection.commit()
        self._connection.close()

    def get(self, file: Path) -> Sound | None:
        """Return the sound of a file that is there, unless it is not known."""
        row = self._connection.execute(
            "SELECT size, mtime_ns, file, samples, embedding FROM sounds WHERE model = ? AND path = ?",
            (self._model, os.path.abspath(file)),
        ).fetchone()
        if row is None or row[:2] != _state(file):
            return None
        return Sound(row[2], row[3], np.frombuffer(row[4], np.float32))

    def put(self, file: Path, sound: Sound) -> None:
        """Keep the sound of a file."""
        row = self._model, os.path.abspath(file), *_state(file), sound.file, sound.samples, sound.embedding.tobytes()
        self._connection.execute("INSERT OR REPLACE INTO sounds VALUES (?, ?, ?, ?, ?, ?, ?)", row)
        self._pending += 1
        if self._pending % TOGETHER == 0:
            self._connection.commit()


def _state(file: Path) -> tuple[int, int]:
    status = file.stat()
    return status.st_size, status.st_mtime_ns
