"""What a model is calibrated on: labels of people where there are enough, and the scores of teachers elsewhere."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from taggram.datasets import PackedStore
from taggram.training.labels import clip_labels
from taggram.training.recipe import Recipe
from taggram.vocabularies import Vocabulary

MIN_POSITIVES = 20  # validation clips with a label; with fewer, a tag is calibrated on the teachers


@dataclass(frozen=True)
class Truth:
    """The targets of the calibration.

    Attributes
    ----------
    teacher_scores : (clips, tags) float32
        Mean scores of the teachers; NaN for a tag that no teacher has.
    labels : (clips, tags) float32
        1 if a clip has the tag, 0 if not, NaN if its labels do not determine it.
    """

    teacher_scores: NDArray[np.float32]
    labels: NDArray[np.float32]

    @classmethod
    def from_teachers(
        cls,
        teacher_scores: NDArray[np.float32],
        store: PackedStore,
        clips: Sequence[int],
        recipe: Recipe,
        tags: Vocabulary,
    ) -> Truth:
        """Return the scores of the teachers beside the labels of the clips, as far as the recipe maps these to tags.

        Parameters
        ----------
        teacher_scores : (clips, tags) float32
            Mean scores of the teachers.
        store, clips
            The clips, by their positions in the store.
        recipe
            Has the map of labels, if there is any.
        tags
            The vocabulary.
        """
        labels = clip_labels(store, clips, recipe.distill.label_map, tags)
        return cls(teacher_scores, labels)

    @property
    def has_labels(self) -> NDArray[np.bool_]:
        """Whether a tag (tags,) has enough labels, or no teacher."""
        enough: NDArray[np.bool_] = (self.labels == 1).sum(axis=0) >= MIN_POSITIVES
        return enough | np.isnan(self.teacher_scores).all(axis=0)

    @property
    def targets(self) -> NDArray[np.float32]:
        """The labels (clips, tags) of tags with enough of them, and the teachers' scores of the others."""
        return np.where(self.has_labels, self.labels, self.teacher_scores)
