"""From a packed store to batches: random segments to train on, evenly spaced ones to validate on."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple, Protocol

import numpy as np

from taggram.audio import EvenlySpaced, fill
from taggram.audio.segments import cut
from taggram.training.similarity import Neighbourhood
from taggram.training.targets import Labels, Targets

if TYPE_CHECKING:
    from jaxtyping import Float32, Int64

    from taggram.models.card import Segments
    from taggram.training.recipe import Recipe


class Clip(Protocol):
    """What training knows of a clip."""

    @property
    def id(self) -> str:
        """Name, unique in the store."""

    @property
    def split(self) -> str:
        """``"train"``, ``"valid"`` or another."""

    @property
    def labels(self) -> Sequence[str]:
        """What holds for it."""

    @property
    def length(self) -> int:
        """In samples."""


class Store(Protocol):
    """Where clips are read from; `taggram.datasets.PackedStore` is one."""

    @property
    def sample_rate(self) -> int:
        """In Hz."""

    @property
    def clips(self) -> Sequence[Clip]:
        """All clips, by position."""

    def select(self, *, split: str) -> Int64[np.ndarray, " clips"]:
        """Return the positions of a split's clips."""

    def read(self, i: int) -> Float32[np.ndarray, " samples"]:
        """Read a clip."""

    def segments(
        self, clips: Int64[np.ndarray, " count"], starts: Int64[np.ndarray, " count"], length: int
    ) -> Float32[np.ndarray, "count length"]:
        """Read segments; a clip that is shorter is repeated."""


@dataclass(frozen=True)
class Split:
    """Clips of a store and what is true of them.

    Attributes
    ----------
    clips : (clips,) int64
        Positions in the store.
    lengths : (clips,) int64
        In samples.
    targets
        The labels among the tags that are trained, or what teachers say.
    neighbourhood
        How alike teachers find segments, where that is learned.
    """

    clips: Int64[np.ndarray, " clips"]
    lengths: Int64[np.ndarray, " clips"]
    targets: Targets
    neighbourhood: Neighbourhood | None = None

    @classmethod
    def of(cls, store: Store, split: str, tags: Sequence[str]) -> Split:
        """Look a split and its labels up."""
        clips = store.select(split=split)
        lengths = np.array([store.clips[clip].length for clip in clips.tolist()], np.int64)
        return cls(clips, lengths, Labels.of([store.clips[clip].labels for clip in clips.tolist()], tags))


class Batch(NamedTuple):
    """Segments to train on.

    Attributes
    ----------
    segments : (batch, samples) float32
        Waveforms.
    targets : (batch, tags) float32
        What is to be answered, 0 to 1.
    likeness : (batch, batch) float32
        How alike they are to be, 0 to 1; None where that is not learned.
    """

    segments: Float32[np.ndarray, "batch samples"]
    targets: Float32[np.ndarray, "batch tags"]
    likeness: Float32[np.ndarray, "batch batch"] | None


def frequent_labels(store: Store, split: str, min_positives: int) -> list[str]:
    """Return the labels of a split that at least so many clips have, the most frequent ones first, ties by name."""
    counts = Counter(label for clip in store.select(split=split).tolist() for label in set(store.clips[clip].labels))
    return sorted(
        (label for label, n in counts.items() if n >= min_positives), key=lambda label: (-counts[label], label)
    )


def fingerprint(store: Store) -> str:
    """Return a hash of what a store says of its clips, by which a changed store is noticed."""
    digest = hashlib.sha256(str(store.sample_rate).encode())
    for clip in store.clips:
        digest.update(json.dumps([clip.id, clip.split, list(clip.labels), int(clip.length)]).encode())
    return digest.hexdigest()


def training_steps(clips: int, recipe: Recipe) -> int:
    """Return how many batches an epoch has."""
    return -(-clips * recipe.segments_per_clip // recipe.batch)


def one_of_each(
    store: Store, split: Split, samples: int, clips: int, seed: int
) -> Float32[np.ndarray, "clips samples"]:
    """Draw a random segment of each of at most so many random clips, to measure something on."""
    rng = np.random.default_rng(seed)
    rows = np.sort(rng.permutation(len(split.clips))[:clips])
    starts = rng.integers(np.maximum(split.lengths[rows] - samples, 0) + 1)
    return store.segments(split.clips[rows], starts, samples)


def training_batches(store: Store, split: Split, samples: int, recipe: Recipe, epoch: int) -> Iterator[Batch]:
    """Draw the batches of an epoch: random segments of each clip, in random order.

    Everything follows from the recipe's seed and the epoch, so that an epoch can be drawn again. A segment lies inside
    its clip, and each place in it is equally likely; a clip shorter than a segment is repeated. With mixup (Zhang et
    al. 2018), each segment and its targets are averaged with another one of the batch, with a weight drawn from the
    beta distribution whose parameters are both `recipe.mixup`.

    Parameters
    ----------
    store, split
        What to draw from.
    samples
        Length of a segment, in samples.
    recipe
        Seed, batch and segments per clip.
    epoch
        Counted from 0.

    Yields
    ------
    Batch
        Of at most `recipe.batch` segments.
    """
    rng = np.random.default_rng(np.random.SeedSequence([recipe.seed, epoch]))
    order = rng.permutation(np.repeat(np.arange(len(split.clips)), recipe.segments_per_clip))
    for rows in np.array_split(order, training_steps(len(split.clips), recipe)):
        starts = rng.integers(np.maximum(split.lengths[rows] - samples, 0) + 1)
        segments = store.segments(split.clips[rows], starts, samples)
        targets = split.targets.of_segments(rows, starts, samples)
        if recipe.mixup:
            share = rng.beta(recipe.mixup, recipe.mixup, (len(rows), 1)).astype(np.float32)
            other = rng.permutation(len(rows))
            segments = share * segments + (1 - share) * segments[other]
            targets = share * targets + (1 - share) * targets[other]
        near = split.neighbourhood
        yield Batch(segments, targets, None if near is None else near.of_segments(rows, starts, samples))


def validation_batches(
    store: Store, split: Split, spec: Segments, n: int, batch: int
) -> Iterator[tuple[Float32[np.ndarray, "batch samples"], list[int], Float32[np.ndarray, "clips tags"]]]:
    """Cut evenly spaced segments of each clip, as the tagger cuts them: with the zeros around it that the model wants.

    Yields
    ------
    segments, counts, targets
        The segments of some clips one after another, how many each clip has, and the clips' targets.
    """
    together = max(1, batch // n)
    for first in range(0, len(split.clips), together):
        cuts = [_evenly(store.read(clip), spec, n) for clip in split.clips[first : first + together].tolist()]
        rows = np.arange(first, first + len(cuts))
        yield np.concatenate(cuts), [len(segments) for segments in cuts], split.targets.of_clips(rows)


def _evenly(clip: Float32[np.ndarray, " length"], spec: Segments, n: int) -> Float32[np.ndarray, "n samples"]:
    padded = np.pad(fill(clip, spec.samples - 2 * spec.clip_padding), spec.clip_padding)
    return cut(padded, EvenlySpaced(n).starts(len(padded), spec.samples), spec.samples)
