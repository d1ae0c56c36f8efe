"""How many clips have which tag, in which split, and which tags come together."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from taggram.datasets.audit.overlap import parts
from taggram.datasets.listing import Listing
from taggram.datasets.quantities import tag_of
from taggram.errors import DatasetError
from taggram.vocabularies import Vocabulary

if TYPE_CHECKING:
    from jaxtyping import Int64

__all__ = ["Balance"]


@dataclass(frozen=True, eq=False)
class Balance:
    """Counts of a listing.

    Attributes
    ----------
    vocabulary
        The tags.
    splits
        Clips of each split; the name is empty for clips that are in none.
    untagged
        How many of these have no tag.
    counts : (splits, tags) int64
        Clips that have a tag.
    together : (tags, tags) int64
        Clips that have both tags; on the diagonal, those that have the one.
    """

    vocabulary: Vocabulary
    splits: dict[str, int]
    untagged: dict[str, int]
    counts: Int64[np.ndarray, "splits tags"]
    together: Int64[np.ndarray, "tags tags"]

    @classmethod
    def of(cls, listing: Listing, vocabulary: Vocabulary) -> Balance:
        """Count the clips of a listing; one that says how much of a tag there is (``valence=0.73``) counts for the tag.

        Raises
        ------
        DatasetError
            If a clip has a label that the vocabulary lacks.
        """
        position = {tag: i for i, tag in enumerate(vocabulary.names)}
        splits = parts(listing)
        counts = np.zeros((len(splits), len(position)), np.int64)
        together = np.zeros((len(position), len(position)), np.int64)
        untagged = {}
        for row, (split, clips) in zip(counts, splits.items(), strict=True):
            untagged[split] = sum(not clip.labels for clip in clips)
            for clip in clips:
                try:
                    tags = [position[tag_of(label)] for label in clip.labels]
                except KeyError:
                    raise DatasetError(
                        f"{listing.folder}: clip {clip.id} has a label that the vocabulary {vocabulary.name} lacks: "
                        f"{', '.join(clip.labels)}"
                    ) from None
                row[tags] += 1
                together[np.ix_(tags, tags)] += 1
        return cls(vocabulary, {split: len(clips) for split, clips in splits.items()}, untagged, counts, together)

    @property
    def clips(self) -> int:
        """How many clips there are."""
        return sum(self.splits.values())

    @cached_property
    def labelled(self) -> list[str]:
        """Splits of which any clip has a tag. Of the others it is not known what their clips have."""
        return [split for split, n in self.splits.items() if self.untagged[split] < n]

    def absent(self, split: str) -> list[str]:
        """Return the tags that no clip of a split has."""
        row = self.counts[[*self.splits].index(split)]
        return [tag for tag, n in zip(self.vocabulary.names, row, strict=True) if n == 0]

    @cached_property
    def total(self) -> Int64[np.ndarray, " tags"]:
        """Clips that have a tag, in any split."""
        total: np.ndarray = self.counts.sum(axis=0)
        return total

    def pairs(self, top: int) -> list[tuple[str, str, int, float]]:
        """Return the tags that come together most: each other's, by clips that have both over clips that have either.

        Parameters
        ----------
        top
            How many pairs.

        Returns
        -------
        list of (tag, tag, clips, share)
            The strongest first; the share is the Jaccard index, 0 to 1.
        """
        either = self.total[:, None] + self.total[None] - self.together
        share = np.triu(self.together / np.maximum(either, 1), k=1)
        names = self.vocabulary.names
        best = np.argsort(-share, axis=None, kind="stable")[:top]
        rows, columns = (index.tolist() for index in np.unravel_index(best, share.shape))
        return [
            (names[i], names[j], int(self.together[i, j]), float(share[i, j]))
            for i, j in zip(rows, columns, strict=True)
            if share[i, j]
        ]
