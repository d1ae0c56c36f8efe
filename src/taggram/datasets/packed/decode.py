"""Decoding of audio files to int16 samples, in one or several processes."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from taggram._files import sha256
from taggram.audio import AudioStream
from taggram.datasets.packed.shards import to_int16
from taggram.errors import TaggramError
from taggram.parallel import parallel_map


@dataclass(frozen=True)
class Decoded:
    """Result of decoding one file.

    Attributes
    ----------
    hash, size, mtime_ns
        SHA-256, size in bytes and modification time of the file.
    samples : (samples,) int16
        The audio; None if the file failed, or its hash belongs to a file that is stored already.
    warning
        Damage of the file; empty for an intact one.
    error
        Reason of a failure; empty on success.
    """

    hash: str = ""
    size: int = 0
    mtime_ns: int = 0
    samples: NDArray[np.int16] | None = None
    warning: str = ""
    error: str = ""


def decode(file: Path, sample_rate: int, stored: Collection[str]) -> Decoded:
    """Decode a file unless its hash is among those of stored files; any failure becomes the result's error."""
    try:
        with AudioStream(file, sample_rate) as stream:
            status = file.stat()
            digest = sha256(file)
            samples = None if digest in stored else np.concatenate([to_int16(block) for block in stream])
        return Decoded(digest, status.st_size, status.st_mtime_ns, samples, "; ".join(stream.warnings))
    except TaggramError as error:
        return Decoded(error=str(error))
    except Exception as error:  # a bug of ours must not end the batch
        return Decoded(error=f"{file}: {type(error).__name__}: {error}")


def decode_all(files: Sequence[Path], sample_rate: int, stored: Collection[str], workers: int) -> Iterator[Decoded]:
    """Decode files in their order.

    Parameters
    ----------
    files
        Audio files.
    sample_rate
        In Hz.
    stored
        Hashes of files that need not be decoded.
    workers
        Number of processes; 1 decodes in this process.
    """
    task = partial(decode, sample_rate=sample_rate, stored=frozenset(stored))
    return parallel_map(task, files, workers=workers, on_crash=_crash_result)


def _crash_result(file: Path, reason: str) -> Decoded:
    return Decoded(error=f"{file}: {reason}; is the file sound?")
