"""Labelled clips of one's own with the embeddings of a model."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from taggram._progress import ProgressHook, no_progress
from taggram._text import counted
from taggram.datasets import ClipIndex, dataset
from taggram.datasets.graded_labels import tag_of
from taggram.datasets.names import artist_key
from taggram.errors import DatasetError
from taggram.tagging import Tagger
from taggram.tagging.cache import PredictionCache, predict_cached
from taggram.training.probing.probe import LinearLayer

Report = Callable[[str], None]


@dataclass(frozen=True, eq=False)
class Examples:
    """Labelled clips with the embeddings of their segments.

    Attributes
    ----------
    segments : (segments, size) float32
        Embeddings of the segments of all clips, clip by clip.
    starts : (clips,) int64
        Position of the first segment of each clip.
    tags
        All tags of the data, the most frequent first.
    labels : (clips, tags) bool
        Which clips have which tag.
    groups : (clips,) str
        Artist of each clip, in the form of `artist_key`; a group of its own for a clip of an unknown artist.
    unknown
        Number of clips of an unknown artist.
    failed
        Number of files that have no embedding because they are missing, damaged or silent.
    """

    segments: NDArray[np.float32]
    starts: NDArray[np.int64]
    tags: tuple[str, ...]
    labels: NDArray[np.bool_]
    groups: NDArray[np.str_]
    unknown: int
    failed: int

    def __len__(self) -> int:
        return len(self.starts)

    @property
    def artists(self) -> int:
        """Number of known artists."""
        return len(np.unique(self.groups)) - self.unknown

    def select_tags(self, selected: NDArray[np.bool_]) -> Examples:
        """Return the same clips with some of the tags."""
        tags = tuple(tag for tag, keep in zip(self.tags, selected.tolist(), strict=True) if keep)
        return dataclasses.replace(self, tags=tags, labels=self.labels[:, selected])

    @cached_property
    def embeddings(self) -> NDArray[np.float32]:
        """Embeddings (clips, size) of the clips, the means over their segments."""
        embeddings: NDArray[np.float32] = self._mean(self.segments)
        return embeddings

    def scores(self, layer: LinearLayer) -> NDArray[np.float64]:
        """Return the scores (clips, labels) of a layer: the means over segments, as the tagger computes them."""
        scores: NDArray[np.float64] = self._mean(1 / (1 + np.exp(-(self.segments @ layer.weight.T + layer.bias))))
        return scores

    def _mean(self, values: NDArray[Any]) -> NDArray[Any]:
        counts = np.diff(self.starts, append=len(self.segments))
        mean: NDArray[Any] = np.add.reduceat(values, self.starts) / counts[:, None].astype(values.dtype)
        return mean


def read_examples(
    data: Path,
    tagger: Tagger,
    *,
    cache: PredictionCache,
    workers: int = 1,
    progress: ProgressHook = no_progress,
    report: Report,
) -> Examples:
    """Read labelled clips and compute their embeddings.

    The artist of a clip is that of the table or folder, else the one in the file's own tags. Clips of the same samples,
    which have the same embeddings, are one clip with the tags of all of them: they would else be in several folds.

    Parameters
    ----------
    data
        A table or a folder, as the data set ``table`` takes them.
    tagger
        The model.
    cache
        Predictions that were computed before are read from it.
    workers
        Processes that compute embeddings.
    progress
        Shows the progress.
    report
        Called with a line for each file without an embedding, and for doubts about the data.

    Raises
    ------
    DatasetError
        If the data cannot be read, has graded labels, or no clip with a tag has an embedding.
    """
    index = dataset("table").index(data)
    for line in index.warnings:
        report(f"warning: {line}")
    _require_tags(index, data)
    files = [os.fspath(index.file(clip)) for clip in index.clips]
    results = predict_cached(tagger, files, cache, workers=workers)
    row_of: dict[bytes, int] = {}
    embeddings: list[NDArray[np.float32]] = []
    labels: list[set[str]] = []
    artists: list[str] = []
    failed, duplicates = 0, []
    pairs = zip(index.clips, results, strict=True)
    for clip, result in progress(pairs, len(files), "computing embeddings"):
        if (prediction := result.prediction) is None or prediction.silent:
            failed += 1
            report(f"error: {result.error or f'{result.path} is silent'}")
            continue
        artist = clip.artist or prediction.metadata.get("artist", "")
        row = row_of.setdefault(prediction.embeddings.tobytes(), len(embeddings))
        if row == len(embeddings):
            embeddings.append(prediction.embeddings)
            labels.append(set(clip.labels))
            artists.append(artist_key(artist) or artist)
        else:
            duplicates.append(clip.path)
            labels[row].update(clip.labels)
            artists[row] = artists[row] or artist_key(artist) or artist
    if not any(labels):
        raise DatasetError(f"{data}: none of the {counted(len(files), 'file')} has an embedding: check the files")
    if duplicates:
        clips = counted(len(duplicates), "clip")
        report(f"warning: {clips} with the samples of another clip, such as {duplicates[0]}: joined with its tags")
    if untagged := sum(not of_clip for of_clip in labels):
        report(f"warning: {counted(untagged, 'clip')} without tags: examples of what none of the tags applies to")
    names = {label for clip in index.clips for label in clip.labels}
    counts = {tag: sum(tag in of_clip for of_clip in labels) for tag in names}
    tags = tuple(sorted(counts, key=lambda tag: (-counts[tag], tag)))
    return Examples(
        segments=np.concatenate(embeddings),
        starts=np.cumsum([0, *map(len, embeddings)])[:-1],
        tags=tags,
        labels=np.array([[tag in of_clip for tag in tags] for of_clip in labels]),
        groups=np.array([artist or f"clip {row}" for row, artist in enumerate(artists)]),
        unknown=artists.count(""),
        failed=failed,
    )


def _require_tags(index: ClipIndex, data: Path) -> None:
    """Raise an error for clips without tags, or with grades of tags from tables."""
    if not any(clip.labels for clip in index.clips):
        raise DatasetError(f"{data} has no labels: add a column labels to the table, or name folders after tags")
    graded = {label for clip in index.clips for label in clip.labels if tag_of(label) != label}
    if graded and not data.is_dir():
        raise DatasetError(f"{data}: the label {min(graded)!r} is graded, and only tags without grades are learned")
