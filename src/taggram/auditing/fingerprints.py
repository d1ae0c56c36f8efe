"""Fingerprints of audio files: hashes of file and samples, and an embedding."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray

from taggram._progress import ProgressHook, no_progress
from taggram.datasets.index import ClipIndex
from taggram.datasets.packed.decode import decode_all
from taggram.datasets.packed.pack import SAMPLE_RATE
from taggram.tagging import Tagger
from taggram.tagging.cache import FileHashes, PredictionCache, predict_cached

__all__ = ["Fingerprint", "Fingerprints", "Hashes", "compute_fingerprints", "hash_files"]

FEW = 5  # files for which starting processes takes longer than it saves


@dataclass(frozen=True)
class Hashes:
    """Hashes of an audio file.

    Attributes
    ----------
    file, samples
        SHA-256 of the file, and of its samples: mono, 16 kHz, 16 bits.
    error
        Reason why it cannot be decoded; empty on success.
    """

    file: str = ""
    samples: str = ""
    error: str = ""


@dataclass(frozen=True, eq=False)
class Fingerprint:
    """Fingerprint of one audio file.

    Attributes
    ----------
    file, samples
        As in `Hashes`.
    embedding : (size,) float32
        Embedding by a model.
    """

    file: str
    samples: str
    embedding: NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Fingerprints:
    """Fingerprints of the clips of an index.

    Attributes
    ----------
    model
        Name of the model of the embeddings.
    files, samples
        Hashes of each clip, see `Hashes`; empty for a clip without audio.
    embeddings : (clips, size) float32
        Rows of NaN for clips without audio.
    errors
        One line per audio file that cannot be decoded.
    """

    model: str
    files: tuple[str, ...]
    samples: tuple[str, ...]
    embeddings: NDArray[np.float32]
    errors: tuple[str, ...] = ()

    @classmethod
    def from_clips(cls, model: str, clips: Sequence[Fingerprint | None], errors: Sequence[str] = ()) -> Self:
        """Stack the fingerprints of clips; None stands for a clip without audio."""
        size = next((clip.embedding.size for clip in clips if clip), 0)
        blank = Fingerprint("", "", np.full(size, np.nan, np.float32))
        rows = [clip or blank for clip in clips]
        embeddings = np.array([row.embedding for row in rows], np.float32).reshape(len(rows), size)
        return cls(
            model, tuple(row.file for row in rows), tuple(row.samples for row in rows), embeddings, tuple(errors)
        )


def compute_fingerprints(
    index: ClipIndex, workers: int = 1, progress: ProgressHook = no_progress
) -> Fingerprints | None:
    """Compute the fingerprints of the available audio of an index, with embeddings by the default model.

    Parameters
    ----------
    index
        The clips.
    workers
        Processes that decode and tag.
    progress
        Shows the progress in files.

    Returns
    -------
    Fingerprints or None
        None if no audio file exists.
    """
    files = [index.file(clip) for clip in index.clips]
    existing = [file for file in dict.fromkeys(files) if file.is_file()]
    if not existing:
        return None
    tagger = Tagger()
    fingerprints: dict[Path, Fingerprint] = {}
    errors = []
    with PredictionCache() as cache:
        hashes = _hash_with_cache(existing, cache, workers, progress)
        decodable = [file for file in existing if not hashes[file].error]
        results = predict_cached(tagger, decodable, cache, workers=1 if len(decodable) < FEW else workers)
        for file, result in zip(decodable, progress(results, len(decodable), "embeddings"), strict=True):
            if result.prediction is None:
                errors.append(str(result.error))
            else:
                fingerprints[file] = Fingerprint(hashes[file].file, hashes[file].samples, result.prediction.embedding)
    errors += [hashes[file].error for file in existing if hashes[file].error]
    return Fingerprints.from_clips(tagger.model, [fingerprints.get(file) for file in files], errors)


def _hash_with_cache(
    files: Sequence[Path], cache: PredictionCache, workers: int, progress: ProgressHook
) -> dict[Path, Hashes]:
    """Hash files and their samples; files whose size and modification time are unchanged are not read again."""
    hashes = {}
    for file in files:
        cached = cache.get_hashes(file)
        if cached is not None and cached.samples:
            hashes[file] = Hashes(cached.content, cached.samples)
    new = [file for file in files if file not in hashes]
    for file, result in zip(
        new, progress(hash_files(new, 1 if len(new) < FEW else workers), len(new), "hashes"), strict=True
    ):
        hashes[file] = result
        if not result.error:
            cache.put_hashes(file, FileHashes(result.file, result.samples))
    return hashes


def hash_files(files: Sequence[Path], workers: int) -> Iterator[Hashes]:
    """Hash files and their samples, in order, in one or several processes."""
    for decoded in decode_all(files, SAMPLE_RATE, (), workers):
        samples = "" if decoded.samples is None else hashlib.sha256(decoded.samples.tobytes()).hexdigest()
        yield Hashes(decoded.hash, samples, decoded.error)
