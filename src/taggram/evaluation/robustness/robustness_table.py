"""Models under the same deformations of the same clips."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from taggram.deform import Chain
from taggram.evaluation.evaluation_result import EvaluationInfo, Mode
from taggram.evaluation.protocol import Protocol
from taggram.metrics import Interval
from taggram.vocabularies.vocabulary import Category

__all__ = ["Condition", "Drop", "ModelRobustness", "RobustnessTable"]


@dataclass(frozen=True, eq=False)
class Drop:
    """A metric for deformed clips, against that for the clips as they are, on the same resamples.

    Attributes
    ----------
    value
        Mean over the tags that all models have, without those that the deformation may make wrong.
    change
        Difference to the mean of the same tags for the clips as they are: below 0 for a drop.
    tags : (tags, 3) float64
        Difference of each tag with the ends of its interval, also of tags that are left out above; NaN for a tag
        without a value.
    categories
        Mean difference over the tags of `value` in each category.
    """

    value: Interval
    change: Interval
    tags: NDArray[np.float64]
    categories: Mapping[Category, Interval]


@dataclass(frozen=True, eq=False)
class Condition:
    """A model under a deformation of one strength.

    Attributes
    ----------
    deformation
        The deformation.
    score
        What the robustness is a mean of: with labels the retained skill of average precision, without labels the
        agreement with the tags of the clips as they are.
    drops
        Of each metric; empty without labels.
    """

    deformation: Chain
    score: Interval
    drops: Mapping[str, Drop]


@dataclass(frozen=True, eq=False)
class ModelRobustness:
    """Robustness of a model.

    Attributes
    ----------
    name, info
        Of the model, and its evaluation on the clips as they are.
    robustness
        Mean of the scores over the strengths of each deformation, then over deformations.
    by_deformation
        Mean over the strengths of each deformation, by its name.
    own_tags, own_tags_number
        The robustness over all tags that the model has, and their number: not comparable between models.
    clean
        Each metric for the clips as they are, mean over the tags that all models have; empty without labels.
    clean_tags : (tags,) float64
        The same of each tag.
    conditions
        In the order of the table's deformations.
    """

    name: str
    info: EvaluationInfo
    robustness: Interval
    by_deformation: Mapping[str, Interval]
    own_tags: float
    own_tags_number: int
    clean: Mapping[str, Interval]
    clean_tags: Mapping[str, NDArray[np.float64]]
    conditions: tuple[Condition, ...]

    def of(self, deformation: str) -> list[Condition]:
        """Return the conditions of a deformation, by its name."""
        return [condition for condition in self.conditions if condition.deformation.name == deformation]


@dataclass(frozen=True, eq=False)
class RobustnessTable:
    """Models under the same deformations of the same clips, by their labels or without labels.

    Attributes
    ----------
    protocol
        Of the clips as they are.
    mode
        Of all results.
    models
        The most robust one first.
    deformations
        Those that all models have.
    tags
        Of the labels; empty without labels.
    common_tags : (tags,) bool
        Which of them all models have.
    n_pos : (tags,) int64
        Number of clips with each.
    clips, groups
        Number of clips that all models have under all deformations, and of artists or recordings.
    """

    protocol: Protocol
    mode: Mode
    models: tuple[ModelRobustness, ...]
    deformations: tuple[Chain, ...]
    tags: tuple[str, ...]
    common_tags: NDArray[np.bool_]
    n_pos: NDArray[np.int64]
    clips: int
    groups: int

    @property
    def has_labels(self) -> bool:
        """Whether the clips have labels."""
        return self.mode != "unlabelled"

    @property
    def title(self) -> str:
        """Name of the robustness in words."""
        return "retained AP" if self.has_labels else "agreement of tags"

    @property
    def deformation_names(self) -> tuple[str, ...]:
        """The deformations without their strengths, each once."""
        return tuple(dict.fromkeys(chain.name for chain in self.deformations))
