"""Labels of clips as targets."""

from __future__ import annotations

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from taggram.datasets import PackedStore
from taggram.errors import RecipeError
from taggram.vocabularies import Vocabulary, VocabularyMap


@dataclass(frozen=True)
class Labels:
    """Labels of the clips of a split; each segment has those of its clip.

    Attributes
    ----------
    array : (clips, tags) float32
        1 where the clip has the tag, else 0; the value of a graded label.
    """

    array: NDArray[np.float32]

    @classmethod
    def from_clips(cls, labels: Sequence[Sequence[str]], tags: Sequence[str]) -> Labels:
        """Look up the labels of clips; those that are not among the tags are ignored.

        Parameters
        ----------
        labels
            Of each clip: tags, or a tag and its degree, as in ``valence=0.73``.
        tags
            The columns.

        Raises
        ------
        RecipeError
            If a degree is not a number from 0 to 1.
        """
        columns = {tag: i for i, tag in enumerate(tags)}
        array = np.zeros((len(labels), len(tags)), np.float32)
        for row, of_clip in zip(array, labels, strict=True):
            for label in of_clip:
                tag, _, degree = label.rpartition("=")
                if label in columns:
                    row[columns[label]] = 1
                elif tag in columns:
                    row[columns[tag]] = _parse_degree(degree, label)
        return cls(array)

    def of_clips(self, rows: NDArray[np.int64]) -> NDArray[np.float32]:
        """Return the targets of clips.

        Parameters
        ----------
        rows : (batch,) int64
            Positions in the split.

        Returns
        -------
        (batch, tags) float32
        """
        return self.array[rows]

    def of_segments(self, rows: NDArray[np.int64], starts: NDArray[np.int64], samples: int) -> NDArray[np.float32]:
        """Return the targets of a segment of each clip, which are those of the clip.

        Parameters
        ----------
        rows : (batch,) int64
            Positions in the split.
        starts : (batch,) int64
            First sample of each segment.
        samples
            Length of the segments.

        Returns
        -------
        (batch, tags) float32
        """
        del starts, samples
        return self.of_clips(rows)


def map_labels(
    labels: Sequence[Sequence[str]], label_map: VocabularyMap, in_store: AbstractSet[str]
) -> NDArray[np.float32]:
    """Map the labels of clips to tags.

    An ambiguous label counts for no tag. The labels of a clip determine a tag if its source, the part of a label before
    the slash, has a label that counts for the tag.

    Parameters
    ----------
    labels
        Of each clip, with the name of the source, as in ``mer4q/jazz``.
    label_map
        From labels to tags.
    in_store
        All labels of the store; the others are ignored, because their absence has no meaning.

    Returns
    -------
    (clips, tags) float32
        1 if a clip has the tag, 0 if not, NaN if its labels do not determine it.
    """
    counting: dict[
        str, list[tuple[str, int]]
    ] = {}  # of each source, the labels that count and the columns of their tags
    for column, tag in enumerate(label_map.target.names):
        for label in (set(label_map.sources[tag]) & in_store) - label_map.ambiguous:
            counting.setdefault(label.partition("/")[0], []).append((label, column))
    out = np.full((len(labels), len(label_map.target)), np.nan, np.float32)
    for row, of_clip in zip(out, map(set, labels), strict=True):
        pairs = [pair for source in {label.partition("/")[0] for label in of_clip} for pair in counting.get(source, [])]
        row[[column for _, column in pairs]] = 0
        row[[column for label, column in pairs if label in of_clip]] = 1
    return out


def clip_labels(
    store: PackedStore, clips: Sequence[int], label_map: str | None, vocabulary: Vocabulary
) -> NDArray[np.float32]:
    """Return the labels of clips as tags, by the table of a recipe.

    Parameters
    ----------
    store, clips
        The clips, by their positions in the store.
    label_map
        The table; see `taggram.VocabularyMap.read`. None: no label determines a tag.
    vocabulary
        The tags.

    Returns
    -------
    (clips, tags) float32
        See `map_labels`.
    """
    if label_map is None:
        return np.full((len(clips), len(vocabulary)), np.nan, np.float32)
    table = VocabularyMap.read(label_map, vocabulary.name)
    in_store = {label for clip in store.clips for label in clip.labels}
    labels = map_labels([store.clips[clip].labels for clip in clips], table, in_store)
    return labels[:, [table.target.names.index(tag) for tag in vocabulary.names]]


def _parse_degree(text: str, label: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value <= 1:
        raise RecipeError(f"the label {label!r}: the degree of a tag must be a number from 0 to 1")
    return value
