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
from taggram.auditing.cache import FingerprintCache
from taggram.datasets.index import ClipIndex
from taggram.datasets.packed.decode import decode_all
from taggram.datasets.packed.pack import SAMPLE_RATE
from taggram.models import ModelCard
from taggram.models.directories import DEFAULT_MODEL, ONNX_FILE, data_dir, find_model
from taggram.tagging import Tagger

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
        Shows the progress in files that are not in the cache.

    Returns
    -------
    Fingerprints or None
        None if no audio file exists or all fail.
    """
    card = ModelCard.read(find_model(DEFAULT_MODEL))
    files = [index.file(clip) for clip in index.clips]
    fingerprints: dict[Path, Fingerprint] = {}
    errors = []
    with FingerprintCache(data_dir() / "fingerprints.sqlite", card.files[ONNX_FILE]) as cache:
        for file in filter(Path.is_file, dict.fromkeys(files)):
            if stored := cache.get(file):
                fingerprints[file] = Fingerprint(*stored)
        new = [file for file in dict.fromkeys(files) if file not in fingerprints and file.is_file()]
        workers = 1 if len(new) < FEW else workers
        results = (
            zip(new, hash_files(new, workers), Tagger().tag_many(new, workers=workers), strict=True) if new else ()
        )
        for file, hashes, tagged in progress(results, len(new), "computing embeddings"):
            if tagged.prediction is None or hashes.error:
                errors.append(hashes.error or str(tagged.error))
            else:
                fingerprints[file] = Fingerprint(hashes.file, hashes.samples, tagged.prediction.embedding)
                cache.put(file, hashes.file, hashes.samples, tagged.prediction.embedding)
    if not fingerprints and not errors:
        return None
    return Fingerprints.from_clips(DEFAULT_MODEL, [fingerprints.get(file) for file in files], errors)


def hash_files(files: Sequence[Path], workers: int) -> Iterator[Hashes]:
    """Hash files and their samples, in order, in one or several processes."""
    for decoded in decode_all(files, SAMPLE_RATE, (), workers):
        samples = "" if decoded.samples is None else hashlib.sha256(decoded.samples.tobytes()).hexdigest()
        yield Hashes(decoded.hash, samples, decoded.error)
