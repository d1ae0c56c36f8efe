"""Files to int16 samples, in this process or in several."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import numpy.typing as npt

from taggram.audio import AudioStream
from taggram.datasets.shards import to_int16
from taggram.errors import TaggramError
from taggram.parallel import parallel_map


@dataclass(frozen=True)
class Decoded:
    """What became of a file.

    Attributes
    ----------
    hash, size, mtime_ns
        The file's SHA-256, bytes and time of change.
    samples : (samples,) int16
        Its audio; None if the hash was known already, or the file failed.
    warning
        What was wrong with it.
    error
        Why it could not be decoded; empty if it could.
    """

    hash: str = ""
    size: int = 0
    mtime_ns: int = 0
    samples: npt.NDArray[np.int16] | None = None
    warning: str = ""
    error: str = ""


def decode(file: Path, sample_rate: int, known: Collection[str]) -> Decoded:
    """Decode a file whose hash is not known yet; whatever goes wrong becomes its error."""
    try:
        with AudioStream(file, sample_rate) as stream:
            status = file.stat()
            with file.open("rb") as content:
                digest = hashlib.file_digest(content, "sha256").hexdigest()
            samples = None if digest in known else np.concatenate([to_int16(block) for block in stream])
        return Decoded(digest, status.st_size, status.st_mtime_ns, samples, "; ".join(stream.warnings))
    except TaggramError as error:
        return Decoded(error=str(error))
    except Exception as error:  # a fault of ours, and no reason to lose the rest
        return Decoded(error=f"{file}: {type(error).__name__}: {error}")


def decode_all(files: Sequence[Path], sample_rate: int, known: Collection[str], workers: int) -> Iterator[Decoded]:
    """Decode files, in their order.

    Parameters
    ----------
    files
        What to decode.
    sample_rate
        In Hz.
    known
        Hashes of files that need not be decoded.
    workers
        Number of processes; with 1 it is this one.
    """
    task = partial(decode, sample_rate=sample_rate, known=frozenset(known))
    return parallel_map(task, files, workers=workers, on_crash=_crash_result)


def _crash_result(file: Path, reason: str) -> Decoded:
    return Decoded(error=f"{file}: {reason}; is the file sound?")
