"""From a packed store to batches: random segments to train on, evenly spaced ones to validate on."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np

from taggram.audio import EvenlySpaced, fill
from taggram.audio.segments import cut

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
    targets : (clips, tags) float32
        1 where a tag holds, else 0.
    """

    clips: Int64[np.ndarray, " clips"]
    lengths: Int64[np.ndarray, " clips"]
    targets: Float32[np.ndarray, "clips tags"]

    @classmethod
    def of(cls, store: Store, split: str, tags: Sequence[str]) -> Split:
        """Look a split up; labels that are none of the tags are ignored."""
        column = {tag: i for i, tag in enumerate(tags)}
        clips = store.select(split=split)
        targets = np.zeros((len(clips), len(tags)), np.float32)
        for row, clip in zip(targets, clips.tolist(), strict=True):
            row[[column[label] for label in store.clips[clip].labels if label in column]] = 1
        lengths = np.array([store.clips[clip].length for clip in clips.tolist()], np.int64)
        return cls(clips, lengths, targets)


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


def training_batches(
    store: Store, split: Split, samples: int, recipe: Recipe, epoch: int
) -> Iterator[tuple[Float32[np.ndarray, "batch samples"], Float32[np.ndarray, "batch tags"]]]:
    """Draw the batches of an epoch: random segments of each clip, in random order.

    Everything follows from the recipe's seed and the epoch, so that an epoch can be drawn again. A segment lies inside
    its clip, and each place in it is equally likely; a clip shorter than a segment is repeated.

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
    segments, targets
        At most `recipe.batch` of them.
    """
    rng = np.random.default_rng(np.random.SeedSequence([recipe.seed, epoch]))
    order = rng.permutation(np.repeat(np.arange(len(split.clips)), recipe.segments_per_clip))
    for rows in np.array_split(order, training_steps(len(split.clips), recipe)):
        starts = rng.integers(np.maximum(split.lengths[rows] - samples, 0) + 1)
        yield store.segments(split.clips[rows], starts, samples), split.targets[rows]


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
        yield np.concatenate(cuts), [len(segments) for segments in cuts], split.targets[first : first + together]


def _evenly(clip: Float32[np.ndarray, " length"], spec: Segments, n: int) -> Float32[np.ndarray, "n samples"]:
    padded = np.pad(fill(clip, spec.samples - 2 * spec.clip_padding), spec.clip_padding)
    return cut(padded, EvenlySpaced(n).starts(len(padded), spec.samples), spec.samples)
