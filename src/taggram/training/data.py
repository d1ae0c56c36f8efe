"""Batches from a packed store: random segments for training, evenly spaced ones for validation."""

from __future__ import annotations

import hashlib
import json
from collections import Counter, deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from taggram.audio import EvenlySpaced
from taggram.datasets import PackedStore
from taggram.models.card import Segments
from taggram.tagging.segmenter import cut_clip
from taggram.training.distillation.similarity import TargetSimilarity
from taggram.training.distillation.targets import SoftTargets
from taggram.training.labels import Labels
from taggram.training.recipe import Recipe

PREFETCHED = 3  # maximum number of batches made in advance: bounds the memory

T = TypeVar("T")


@dataclass(frozen=True)
class Split:
    """Clips of a store with their targets.

    Attributes
    ----------
    clips : (clips,) int64
        Positions in the store.
    lengths : (clips,) int64
        In samples.
    targets
        The labels among the vocabulary, or the scores of teachers.
    similarity
        Target similarity of segments, for a student with a similarity loss; else None.
    labels : (clips, tags) float32
        Labels that teach beside the teachers; see `taggram.training.labels.map_labels`. None without any.
    """

    clips: NDArray[np.int64]
    lengths: NDArray[np.int64]
    targets: Labels | SoftTargets
    similarity: TargetSimilarity | None = None
    labels: NDArray[np.float32] | None = None

    @classmethod
    def from_store(cls, store: PackedStore, split: str, tags: Sequence[str]) -> Split:
        """Look up the clips of a split and their labels."""
        clips = store.select(split=split)
        lengths = np.array([store.clips[clip].length for clip in clips.tolist()], np.int64)
        return cls(clips, lengths, Labels.from_clips([store.clips[clip].labels for clip in clips.tolist()], tags))


class Batch(NamedTuple):
    """Segments to train on, those of one process in a step.

    Attributes
    ----------
    segments : (batch, samples) float32
        Waveforms.
    targets : (batch, tags) float32
        0 to 1.
    total
        Number of segments of the step in all processes.
    similarity : (batch, batch) float32
        Target similarity of the embeddings, 0 to 1; None where it is not learned.
    labels : (batch, tags) float32
        1, 0, or NaN where the labels of the clip do not determine the tag; None where labels do not teach beside the
        targets.
    """

    segments: NDArray[np.float32]
    targets: NDArray[np.float32]
    total: int
    similarity: NDArray[np.float32] | None = None
    labels: NDArray[np.float32] | None = None


class ValidationBatch(NamedTuple):
    """The segments of some clips.

    Attributes
    ----------
    segments : (segments, samples) float32
        Waveforms, clip by clip.
    counts
        Segments of each clip.
    """

    segments: NDArray[np.float32]
    counts: list[int]


def frequent_labels(store: PackedStore, split: str, min_positives: int) -> list[str]:
    """Return the labels of at least `min_positives` clips of a split, most frequent first, ties by name."""
    counts = Counter(label for clip in store.select(split=split).tolist() for label in set(store.clips[clip].labels))
    return sorted(
        (label for label, n in counts.items() if n >= min_positives), key=lambda label: (-counts[label], label)
    )


def fingerprint(store: PackedStore) -> str:
    """Return a hash of the ids, splits, labels and lengths of a store's clips, to recognise a changed store."""
    digest = hashlib.sha256(str(store.sample_rate).encode())
    for clip in store.clips:
        digest.update(json.dumps([clip.id, clip.split, list(clip.labels), int(clip.length)]).encode())
    return digest.hexdigest()


def training_steps(clips: int, recipe: Recipe) -> int:
    """Return the number of batches of an epoch."""
    return -(-clips * recipe.data.segments_per_clip // recipe.optim.batch_size)


def validation_steps(clips: int, recipe: Recipe) -> int:
    """Return the number of batches of a validation."""
    return -(-clips // _clips_per_batch(recipe))


def sample_segments(store: PackedStore, split: Split, samples: int, max_clips: int, seed: int) -> NDArray[np.float32]:
    """Draw a random segment of each of at most `max_clips` random clips.

    Returns
    -------
    (clips, samples) float32
        Waveforms.
    """
    rng = np.random.default_rng(seed)
    rows = np.sort(rng.permutation(len(split.clips))[:max_clips])
    starts = rng.integers(np.maximum(split.lengths[rows] - samples, 0) + 1)
    return store.segments(split.clips[rows], starts, samples)


def training_batches(
    store: PackedStore, split: Split, samples: int, recipe: Recipe, epoch: int, rank: int = 0, processes: int = 1
) -> Iterator[Batch]:
    """Draw the batches of an epoch: segments of each clip, in random order.

    The seed and the epoch determine all choices, so that an epoch can be drawn again, and each of several processes
    takes its part of the same batches. A segment lies inside its clip,
    and each position in it is equally likely unless ``data.positions`` are even; a clip shorter than a segment is
    repeated. With mixup (Zhang et al. 2018), each segment and its targets are averaged with those of another one of the
    batch, with a weight from the beta distribution with both parameters equal to ``augment.mixup``.

    Parameters
    ----------
    store, split
        The clips.
    samples
        Length of a segment.
    recipe
        Seed, batch size, segments per clip, their positions, and mixup.
    epoch
        Counted from 0.
    rank, processes
        Which of how many processes this is.

    Yields
    ------
    Batch
        Of the at most ``optim.batch_size`` segments of a step, those of this process.
    """
    rng = np.random.default_rng(np.random.SeedSequence([recipe.seed, epoch]))
    count = recipe.data.segments_per_clip
    order = rng.permutation(len(split.clips) * count)
    alpha = recipe.augment.mixup
    for chosen in np.array_split(order, training_steps(len(split.clips), recipe)):
        rows = chosen // count
        room = np.maximum(split.lengths[rows] - samples, 0)
        if recipe.data.positions == "random":
            starts = rng.integers(room + 1)
        else:
            starts = room * (chosen % count) // max(1, count - 1)
        own = slice(rank, None, processes)
        needed = slice(None) if alpha else own
        segments = store.segments(split.clips[rows[needed]], starts[needed], samples)
        targets = split.targets.of_segments(rows[needed], starts[needed], samples)
        if alpha:
            share = rng.beta(alpha, alpha, (len(rows), 1)).astype(np.float32)
            other = rng.permutation(len(rows))
            segments = (share * segments + (1 - share) * segments[other])[own]
            targets = (share * targets + (1 - share) * targets[other])[own]
        total, rows, starts = len(rows), rows[own], starts[own]
        similarity = None if split.similarity is None else split.similarity.of_segments(rows, starts, samples)
        labels = None if split.labels is None else split.labels[rows]
        yield Batch(segments, targets, total, similarity, labels)


def validation_batches(
    store: PackedStore, clips: NDArray[np.int64], segmentation: Segments, recipe: Recipe
) -> Iterator[ValidationBatch]:
    """Cut evenly spaced segments of each clip, as the tagger does.

    Parameters
    ----------
    store
        The packed store.
    clips : (clips,) int64
        Positions in the store.
    segmentation
        Length and padding of the network's segments.
    recipe
        Batch size and segments per clip.
    """
    count, step = recipe.data.validation_segments, _clips_per_batch(recipe)
    for first in range(0, len(clips), step):
        batch = clips[first : first + step].tolist()
        segments = [cut_clip(store.read(clip), EvenlySpaced(count), segmentation) for clip in batch]
        yield ValidationBatch(np.concatenate(segments), [len(of_clip) for of_clip in segments])


def prefetch(items: Iterable[T]) -> Iterator[T]:
    """Yield items in order, produced by another thread.

    Parameters
    ----------
    items
        An exception of the iterable is raised at the position of its item.
    """
    source, end = iter(items), object()
    with ThreadPoolExecutor(1) as thread:
        pending = deque(thread.submit(next, source, end) for _ in range(PREFETCHED))
        while (item := pending.popleft().result()) is not end:
            pending.append(thread.submit(next, source, end))
            yield item  # type: ignore[misc]


def _clips_per_batch(recipe: Recipe) -> int:
    return max(1, recipe.optim.batch_size // recipe.data.validation_segments)
