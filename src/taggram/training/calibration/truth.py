"""What a model is calibrated on: labels of people where there are enough, and the scores of teachers elsewhere."""

from __future__ import annotations

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from taggram.datasets import PackedStore
from taggram.training.recipe import Recipe
from taggram.vocabularies import Vocabulary, VocabularyMap

MIN_POSITIVES = 20  # validation clips with a label; with fewer, a tag is calibrated on the teachers


@dataclass(frozen=True)
class Truth:
    """The targets of the calibration.

    Attributes
    ----------
    teacher_scores : (clips, tags) float32
        Mean scores of the teachers.
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
        labels = np.full((len(clips), len(tags)), np.nan, np.float32)
        if recipe.distill.label_map is not None:
            label_map = VocabularyMap.read(recipe.distill.label_map, tags.name)
            in_store = {label for clip in store.clips for label in clip.labels}
            labels = map_labels([store.clips[clip].labels for clip in clips], label_map, in_store)
        return cls(teacher_scores, labels)

    @property
    def has_labels(self) -> NDArray[np.bool_]:
        """Whether a tag (tags,) has enough labels."""
        enough: NDArray[np.bool_] = (self.labels == 1).sum(axis=0) >= MIN_POSITIVES
        return enough

    @property
    def targets(self) -> NDArray[np.float32]:
        """The labels (clips, tags) of tags with enough of them, and the teachers' scores of the others."""
        return np.where(self.has_labels, self.labels, self.teacher_scores)


def map_labels(
    labels: Sequence[Sequence[str]], label_map: VocabularyMap, in_store: AbstractSet[str]
) -> NDArray[np.float32]:
    """Map the labels of clips to tags.

    A label counts for a tag if it maps to this tag only. The labels of a clip determine a tag if its source, the part
    of a label before the slash, has a label that counts for the tag.

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
        1, 0 and NaN; see `Truth`.
    """
    sources_of = label_map.inverse().sources
    tag_of = {label: tags[0] for label, tags in sources_of.items() if len(tags) == 1 and label in in_store}
    out = np.full((len(labels), len(label_map.target)), np.nan, np.float32)
    for row, of_clip in zip(out, labels, strict=True):
        sources = {label.partition("/")[0] for label in of_clip}
        for i, tag in enumerate(label_map.target.names):
            counting = {
                label for label, mapped in tag_of.items() if mapped == tag and label.partition("/")[0] in sources
            }
            if counting:
                row[i] = float(not counting.isdisjoint(of_clip))
    return out
