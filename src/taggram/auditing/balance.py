"""Tag balance: clips per tag and split, and co-occurrence of tags."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from taggram.auditing.overlap import split_clips
from taggram.datasets.graded_labels import tag_of
from taggram.datasets.index import ClipIndex
from taggram.errors import DatasetError
from taggram.vocabularies import Vocabulary

__all__ = ["Balance"]


@dataclass(frozen=True, eq=False)
class Balance:
    """Counts of clips and tags.

    Attributes
    ----------
    vocabulary
        The tags.
    splits
        Clips per split; the name is empty for clips without a split.
    untagged
        Clips without a tag, per split.
    counts : (splits, tags) int64
        Clips with each tag.
    cooccurrence : (tags, tags) int64
        Clips with both tags; on the diagonal, clips with the tag.
    """

    vocabulary: Vocabulary
    splits: dict[str, int]
    untagged: dict[str, int]
    counts: NDArray[np.int64]
    cooccurrence: NDArray[np.int64]

    @classmethod
    def from_index(cls, index: ClipIndex, vocabulary: Vocabulary) -> Balance:
        """Count the clips of an index; a graded label such as ``valence=0.73`` counts for its tag.

        Raises
        ------
        DatasetError
            If a clip has a label that is not in the vocabulary.
        """
        position = {tag: i for i, tag in enumerate(vocabulary.names)}
        splits = split_clips(index)
        counts = np.zeros((len(splits), len(position)), np.int64)
        cooccurrence = np.zeros((len(position), len(position)), np.int64)
        untagged = {}
        for row, (split, clips) in zip(counts, splits.items(), strict=True):
            untagged[split] = sum(not clip.labels for clip in clips)
            for clip in clips:
                try:
                    tags = [position[tag_of(label)] for label in clip.labels]
                except KeyError:
                    raise DatasetError(
                        f"{index.folder}: clip {clip.id} has a label that is not in the vocabulary "
                        f"{vocabulary.name}: {', '.join(clip.labels)}"
                    ) from None
                row[tags] += 1
                cooccurrence[np.ix_(tags, tags)] += 1
        return cls(vocabulary, {split: len(clips) for split, clips in splits.items()}, untagged, counts, cooccurrence)

    @property
    def clips(self) -> int:
        """Number of clips."""
        return sum(self.splits.values())

    @cached_property
    def labelled(self) -> list[str]:
        """Splits with at least one tagged clip; the labels of the others are missing."""
        return [split for split, n in self.splits.items() if self.untagged[split] < n]

    def without_positives(self, split: str) -> list[str]:
        """Return the tags that no clip of a split has."""
        row = self.counts[[*self.splits].index(split)]
        return [tag for tag, n in zip(self.vocabulary.names, row, strict=True) if n == 0]

    @cached_property
    def total(self) -> NDArray[np.int64]:
        """Clips with each tag in any split, (tags,) int64."""
        total: NDArray[np.int64] = self.counts.sum(axis=0)
        return total

    def pairs(self, top: int) -> list[tuple[str, str, int, float]]:
        """Return the pairs of tags with the highest Jaccard index.

        Parameters
        ----------
        top
            Maximum number of pairs.

        Returns
        -------
        list of (tag, tag, clips, jaccard)
            In descending order: the two tags, the clips with both, and these over the clips with either, 0 to 1.
        """
        either = self.total[:, None] + self.total[None] - self.cooccurrence
        jaccard = np.triu(self.cooccurrence / np.maximum(either, 1), k=1)
        names = self.vocabulary.names
        best = np.argsort(-jaccard, axis=None, kind="stable")[:top]
        rows, columns = (positions.tolist() for positions in np.unravel_index(best, jaccard.shape))
        return [
            (names[i], names[j], int(self.cooccurrence[i, j]), float(jaccard[i, j]))
            for i, j in zip(rows, columns, strict=True)
            if jaccard[i, j]
        ]
