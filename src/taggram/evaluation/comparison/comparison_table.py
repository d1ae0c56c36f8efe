"""Models of a comparison of one mode: their values, and the differences of all pairs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from taggram.evaluation.evaluation_result import EvaluationInfo, Mode
from taggram.metrics import Interval, Macro, McNemar

__all__ = ["ComparedModel", "ComparisonTable", "MetricValue", "ModelPair"]

LEVEL = 0.05  # adjusted p-values below it: two models differ


@dataclass(frozen=True, eq=False)
class MetricValue:
    """A metric of a model.

    Attributes
    ----------
    mean
        Mean over the tags that all models have, with its interval.
    difference
        Of the mean to that of the reference model, on the same resamples; 0 for the reference itself.
    letters
        Models with a common letter do not differ by Holm's correction over all pairs.
    own_tags
        Mean over all tags that the model has: not comparable between models with different tags.
    per_tag : (tags,) float64
        Of each tag of the protocol; NaN for one that the model does not have, or without a value.
    per_tag_interval : (tags, 2) float64
        Low and high end of the interval of each tag; NaN as `per_tag`.
    per_tag_difference : (tags, 3) float64
        Difference to the reference model, and the low and high end of its interval; NaN as `per_tag`.
    """

    mean: Interval
    difference: Interval
    letters: str
    own_tags: Macro
    per_tag: NDArray[np.float64]
    per_tag_interval: NDArray[np.float64]
    per_tag_difference: NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class ComparedModel:
    """A model in a comparison.

    Attributes
    ----------
    name
        Of the model, with a part of its hash if several have the same name.
    info
        Its evaluation, including its cost.
    scores : (clips, tags) float32
        Of the clips that all models have, for all tags of the protocol; NaN for a tag that the model does not have.
    metrics
        By the name of the metric.
    """

    name: str
    info: EvaluationInfo
    scores: NDArray[np.float32]
    metrics: Mapping[str, MetricValue]


@dataclass(frozen=True)
class ModelPair:
    """The difference between two models.

    Attributes
    ----------
    first, second
        Names of the models; the first has the higher mean.
    metric
        Name of the metric.
    difference
        Of the means, first minus second, on the same resamples.
    p
        Two-sided p-value of the difference divided by its bootstrap standard error, by a t-distribution with a degree
        of freedom less than there are groups; at least 2^(1 - groups). NaN with a single group.
    p_adjusted
        The same after Holm's correction over all pairs.
    mcnemar
        For one class per clip, the clips that only one of them classifies correctly; else None.
    """

    first: str
    second: str
    metric: str
    difference: Interval
    p: float
    p_adjusted: float
    mcnemar: McNemar | None = None

    @property
    def differ(self) -> bool:
        """Whether the adjusted p-value is below 0.05."""
        return self.p_adjusted < LEVEL


@dataclass(frozen=True, eq=False)
class ComparisonTable:
    """Models of one mode.

    Attributes
    ----------
    mode
        The way: ``"own"`` tags, ``"zero-shot"`` or ``"probe"``.
    reference
        Name of the model that differences are taken to.
    models
        From the best to the worst by the first metric.
    pairs
        All pairs of models, for each metric.
    agreement
        Spearman's rank correlation of two metrics over the models, with its interval over resamples; empty for less
        than three models.
    tags
        Of the protocol.
    clips, groups : (clips,) str
        The clips that all models have, and their artists or recordings.
    truth : (clips, tags) bool
        Which clips have which tag.
    common_tags : (tags,) bool
        The tags that all models have.
    left_out
        Number of clips that some models have and others do not.
    """

    mode: Mode
    reference: str
    models: tuple[ComparedModel, ...]
    pairs: tuple[ModelPair, ...]
    agreement: Mapping[tuple[str, str], Interval]
    tags: tuple[str, ...]
    clips: NDArray[np.str_]
    groups: NDArray[np.str_]
    truth: NDArray[np.bool_]
    common_tags: NDArray[np.bool_]
    left_out: int

    @property
    def single_label(self) -> bool:
        """Whether each clip has exactly one tag, and all models have all tags that clips have."""
        return is_single_label(self.truth, self.common_tags)


def is_single_label(truth: NDArray[np.bool_], common_tags: NDArray[np.bool_]) -> bool:
    """Return whether each clip has exactly one tag, and that is one that all models have."""
    return bool((truth.sum(axis=1) == 1).all() and (truth[:, common_tags].sum(axis=1) == 1).all())
