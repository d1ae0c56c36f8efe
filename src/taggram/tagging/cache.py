"""Predictions on disk, by content: a clip is tagged once per model and segmentation, whatever the name of its file."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from taggram._database import Database, DatabaseKind
from taggram._files import sha256
from taggram.errors import CacheError
from taggram.models.directories import data_dir
from taggram.tagging.prediction import Prediction
from taggram.tagging.result import TagResult
from taggram.tagging.tagger import Tagger

__all__ = ["CachedPrediction", "FileHashes", "PredictionCache", "PredictionKey", "hash_samples", "predict_cached"]

APPLICATION = 0x7461676D  # marks the database as taggram's
FORMAT = 2  # of the tables; also to be raised when the same audio gets other scores, as after a change of the decoder
TABLES = (
    "CREATE TABLE predictions (audio TEXT, model TEXT, settings TEXT, scores BLOB, times BLOB, embeddings BLOB, "
    "duration REAL, about TEXT, PRIMARY KEY (audio, model, settings))",
    "CREATE TABLE files (path BLOB PRIMARY KEY, size INTEGER, mtime_ns INTEGER, content TEXT, samples TEXT)",
)
CACHE = DatabaseKind("prediction cache", APPLICATION, FORMAT, TABLES, CacheError, "remove it")


class PredictionKey(NamedTuple):
    """Everything that the scores of a clip depend on.

    Attributes
    ----------
    audio
        SHA-256 of the file, or `hash_samples` of an array.
    model
        SHA-256 of the model file.
    segmentation
        Such as ``"Sliding(hop=48000)"``.
    start, duration
        The part of the clip, in seconds; None: to its end.
    deformation
        Deformation of the clip, in the text form of `taggram.deform.Chain`; empty for none.
    """

    audio: str
    model: str
    segmentation: str
    start: float = 0.0
    duration: float | None = None
    deformation: str = ""

    @classmethod
    def from_tagger(
        cls, tagger: Tagger, audio: str, start: float = 0.0, duration: float | None = None, deformation: str = ""
    ) -> Self:
        """Return the key of a tagger's prediction for a clip.

        Raises
        ------
        CacheError
            If the segmentation's class has no `repr` of its own, which identifies it.
        """
        if type(tagger.segmentation).__repr__ is object.__repr__:
            kind = type(tagger.segmentation).__name__
            raise CacheError(f"predictions with {kind} cannot be cached: make that class a dataclass")
        model = tagger.card.files.get(tagger.model_file.name) or sha256(tagger.model_file)
        return cls(audio, model, repr(tagger.segmentation), start, duration, deformation)


@dataclass(frozen=True, eq=False)
class CachedPrediction:
    """The part of a `Prediction` that takes time to compute.

    Attributes
    ----------
    scores : (segments, tags) float32
        Probabilities, 0 to 1, in the model's vocabulary.
    times : (segments, 2) float64
        Start and end of each segment, in seconds.
    embeddings : (segments, size) float32
        The layer before the last.
    duration
        Length of the audio that was tagged, in seconds.
    silent
        Whether the audio is silent.
    warnings
        Problems of the audio, one line each.
    metadata
        Title, artist and so on, as in the file.
    """

    scores: NDArray[np.float32]
    times: NDArray[np.float64]
    embeddings: NDArray[np.float32]
    duration: float
    silent: bool = False
    warnings: tuple[str, ...] = ()
    metadata: dict[str, str] = field(default_factory=dict)

    def to_prediction(self, tagger: Tagger, path: str | None = None) -> Prediction:
        """Return the same prediction as the tagger."""
        prediction = Prediction(
            path=path,
            model=tagger.model,
            vocabulary=tagger.card.vocabulary,
            scores=self.scores,
            times=self.times,
            embeddings=self.embeddings,
            duration=self.duration,
            aggregation=tagger.aggregation,
            thresholds=tagger.card.thresholds or {},
            silent=self.silent,
            warnings=self.warnings,
            metadata=self.metadata,
        )
        return prediction.with_levels(tagger.card)


class FileHashes(NamedTuple):
    """Hashes of a file.

    Attributes
    ----------
    content
        SHA-256 of its bytes.
    samples
        SHA-256 of the decoded samples; empty if not computed.
    """

    content: str
    samples: str = ""


class PredictionCache:
    """Predictions of any models in one SQLite database, which several processes may use at once.

    Each entry is on disk when `put` returns, so an interrupted program loses none. Scores come back bit for bit.

    Parameters
    ----------
    file
        The database, which is made if it does not exist; None: ``predictions.sqlite`` in taggram's data folder. It
        must be on a local disk, and may be removed at any time: what is missing is computed again.

    Raises
    ------
    CacheError
        If the file is damaged, not a prediction cache, or cannot be written; so do all methods.

    Examples
    --------
    >>> import tempfile
    >>> key = PredictionKey(audio="5d41", model="7d79", segmentation="Sliding(hop=48000)")
    >>> with tempfile.TemporaryDirectory() as folder, PredictionCache(Path(folder, "cache.sqlite")) as cache:
    ...     cache.put(key, CachedPrediction(np.ones((2, 3), "f4"), np.ones((2, 2)), np.ones((2, 8), "f4"), 6.0))
    ...     cache.get(key).scores.shape, key in cache
    ((2, 3), True)
    """

    def __init__(self, file: Path | None = None) -> None:
        self.file = data_dir() / "predictions.sqlite" if file is None else file
        self._database = Database(self.file, CACHE)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the database."""
        self._database.close()

    def __contains__(self, key: PredictionKey) -> bool:
        row = self._row("SELECT 1 FROM predictions WHERE (audio, model, settings) = (?, ?, ?)", _columns(key))
        return row is not None

    def get(self, key: PredictionKey) -> CachedPrediction | None:
        """Return the prediction of a key; None if it is missing."""
        row = self._row(
            "SELECT scores, times, embeddings, duration, about FROM predictions "
            "WHERE (audio, model, settings) = (?, ?, ?)",
            _columns(key),
        )
        if row is None:
            return None
        scores, times, embeddings, duration, about = row
        with self._database.readable():
            segments = len(times) // 16
            silent, warnings, metadata = json.loads(about)
            return CachedPrediction(
                np.frombuffer(scores, np.float32).reshape(segments, -1).copy(),
                np.frombuffer(times, np.float64).reshape(segments, 2).copy(),
                np.frombuffer(embeddings, np.float32).reshape(segments, -1).copy(),
                duration,
                silent,
                tuple(warnings),
                metadata,
            )

    def put(self, key: PredictionKey, prediction: Prediction | CachedPrediction) -> None:
        """Write a prediction, in place of an earlier one of the same key."""
        row = (
            *_columns(key),
            np.ascontiguousarray(prediction.scores, np.float32).data,
            np.ascontiguousarray(prediction.times, np.float64).data,
            np.ascontiguousarray(prediction.embeddings, np.float32).data,
            float(prediction.duration),
            json.dumps([prediction.silent, prediction.warnings, prediction.metadata]),
        )
        self._row("INSERT OR REPLACE INTO predictions VALUES (?, ?, ?, ?, ?, ?, ?, ?)", row)

    def content_hash(self, file: str | os.PathLike[str]) -> str:
        """Return the SHA-256 of a file, which is read only if size or modification time have changed.

        Raises
        ------
        OSError
            If the file cannot be read.
        """
        hashes = self.get_hashes(file)
        if hashes is None:
            hashes = FileHashes(sha256(Path(file)))
            self.put_hashes(file, hashes)
        return hashes.content

    def get_hashes(self, file: str | os.PathLike[str]) -> FileHashes | None:
        """Return the hashes of a file; None if they are missing, or if size or modification time have changed.

        Raises
        ------
        OSError
            If the file does not exist.
        """
        row = self._row(
            "SELECT content, samples FROM files WHERE (path, size, mtime_ns) = (?, ?, ?)", _path_and_state(file)
        )
        return None if row is None else FileHashes(*row)

    def put_hashes(self, file: str | os.PathLike[str], hashes: FileHashes) -> None:
        """Write the hashes of a file as it is now.

        Raises
        ------
        OSError
            If the file does not exist.
        """
        self._row("INSERT OR REPLACE INTO files VALUES (?, ?, ?, ?, ?)", (*_path_and_state(file), *hashes))

    def _row(self, statement: str, values: tuple[Any, ...]) -> Any:
        return next(iter(self._database.rows(statement, values)), None)


def predict_cached(
    tagger: Tagger,
    paths: Iterable[str | os.PathLike[str]],
    cache: PredictionCache,
    *,
    workers: int = 1,
    start: float = 0.0,
    duration: float | None = None,
) -> Iterator[TagResult]:
    """Tag files as `Tagger.tag_many` does; read cached predictions, and cache the others.

    Parameters
    ----------
    tagger
        The model, which runs on files without a cached prediction.
    paths
        The files. All are hashed first, unless they have not changed since.
    cache
        The cache.
    workers
        Number of processes.
    start, duration
        The part of each file to tag, in seconds.

    Yields
    ------
    TagResult
        One per path, in order. A file that cannot be tagged has its error, and is tried again next time.

    Raises
    ------
    CacheError
        If the cache cannot be used.
    """
    names = [os.fspath(path) for path in paths]
    keys: list[PredictionKey | None] = []
    for name in names:
        try:
            audio = cache.content_hash(name)
        except OSError:  # the tagger reports the error
            keys.append(None)
        else:
            keys.append(PredictionKey.from_tagger(tagger, audio, start, duration))
    cached = [key is not None and key in cache for key in keys]
    missing = [name for name, hit in zip(names, cached, strict=True) if not hit]
    results = tagger.tag_many(missing, workers=workers, start=start, duration=duration)
    for name, key, hit in zip(names, keys, cached, strict=True):
        entry = cache.get(key) if hit and key is not None else None
        if entry is not None:
            yield TagResult(name, prediction=entry.to_prediction(tagger, name))
            continue
        result = next(results)
        if result.prediction is not None and key is not None:
            cache.put(key, result.prediction)
        yield result


def hash_samples(samples: NDArray[Any], sample_rate: int) -> str:
    """Return the SHA-256 of an array of audio: its samples, their type and rate.

    Parameters
    ----------
    samples : (samples,) or (channels, samples)
        Such as a clip of a packed store.
    sample_rate
        In Hz.
    """
    digest = hashlib.sha256(f"{sample_rate} {samples.dtype.str} {samples.shape}\n".encode())
    digest.update(np.ascontiguousarray(samples).data)
    return digest.hexdigest()


def _columns(key: PredictionKey) -> tuple[str, str, str]:
    duration = None if key.duration is None else float(key.duration)
    settings = [key.segmentation, float(key.start), duration]
    if key.deformation:
        settings.append(key.deformation)
    return key.audio, key.model, json.dumps(settings)


def _path_and_state(file: str | os.PathLike[str]) -> tuple[bytes, int, int]:
    status = os.stat(file)
    return os.fsencode(os.path.abspath(file)), status.st_size, status.st_mtime_ns
