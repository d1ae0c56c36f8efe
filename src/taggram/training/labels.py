"""Labels of clips as targets."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from taggram.errors import RecipeError


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


def _parse_degree(text: str, label: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value <= 1:
        raise RecipeError(f"the label {label!r}: the degree of a tag must be a number from 0 to 1")
    return value
