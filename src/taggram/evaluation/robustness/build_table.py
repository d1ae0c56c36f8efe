"""Robustness of models from the scores of clips and of deformed copies of them."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from taggram.deform import Chain
from taggram.errors import EvaluationError
from taggram.evaluation.compare import DEFAULT_METRICS
from taggram.evaluation.comparison.comparison_metrics import find_metrics
from taggram.evaluation.evaluation_result import EvaluationResult, LabelledScores
from taggram.evaluation.robustness.robustness_table import Condition, Drop, ModelRobustness, RobustnessTable
from taggram.metrics import (
    Interval,
    draw_counts,
    mean_over_strengths,
    percentile_interval,
    retained_skill,
    tag_agreement,
)

__all__ = ["METRICS", "build_table"]

METRICS = {metric.name: metric for metric in find_metrics(DEFAULT_METRICS)}
HIGHEST = 5  # tags of a clip that are compared without labels


def build_table(
    models: Mapping[str, Mapping[str, EvaluationResult]], deformations: Sequence[Chain], *, resamples: int, seed: int
) -> RobustnessTable:
    """Compute the robustness of models of one protocol and mode.

    Parameters
    ----------
    models
        Results by the name of the model and the text form of the deformation, which is empty for the clips as they are.
    deformations
        Those that all models have.
    resamples, seed
        As of `summarize_robustness`.

    Raises
    ------
    EvaluationError
        If the results have no clip in common.
    """
    return _Builder(models, deformations, resamples, seed).table()


class _Values(NamedTuple):
    """A value and its resamples: (...) and (resamples, ...)."""

    value: NDArray[np.float64]
    resampled: NDArray[np.float64]

    def __sub__(self, other: _Values) -> _Values:
        return _Values(self.value - other.value, self.resampled - other.resampled)

    def mean(self, tags: NDArray[np.bool_]) -> _Values:
        """Return the mean over some tags, of those that have a value."""
        return _Values(_mean(self.value[tags]), _mean(self.resampled[:, tags]))


class _Builder:
    """The table of some models."""

    def __init__(
        self,
        models: Mapping[str, Mapping[str, EvaluationResult]],
        deformations: Sequence[Chain],
        resamples: int,
        seed: int,
    ) -> None:
        self._models, self._deformations = models, tuple(deformations)
        self._names = np.array([chain.name for chain in deformations])
        results = [model[text] for model in models.values() for text in ("", *map(str, deformations))]
        self._info, first = results[0].info, results[0].test
        common = set(first.clips.tolist()).intersection(*(result.test.clips.tolist() for result in results))
        if not common:
            raise EvaluationError(f"{', '.join(models)}: the results of {self._info.protocol.name} share no clip")
        self._clips = [clip for clip in first.clips.tolist() if clip in common]
        labels = _select(first, self._clips, first.tags)
        self._groups = labels.groups
        self._counts = draw_counts(labels.groups, rng=np.random.default_rng(seed), resamples=resamples)
        self._has_intervals = len(np.unique(labels.groups)) > 1
        self._tags = () if self._info.mode == "unlabelled" else first.tags
        self._truth = labels.truth[:, : len(self._tags)]
        scored = [_select(model[""].test, self._clips, self._tags).scored for model in models.values()]
        self._common = np.all(scored, axis=0) if self._tags else np.empty(0, bool)
        positives = self._counts @ self._truth / self._counts.sum(axis=1, keepdims=True)
        self._chance = _Values(self._truth.mean(axis=0), positives)

    def table(self) -> RobustnessTable:
        """Compute the robustness of all models, and rank them."""
        evaluate = self._by_labels if self._tags else self._without_labels
        models = [evaluate(name, results) for name, results in self._models.items()]
        models.sort(key=lambda model: (-np.nan_to_num(model.robustness.value, nan=-np.inf), model.name))
        return RobustnessTable(
            self._info.protocol,
            self._info.mode,
            tuple(models),
            self._deformations,
            self._tags,
            self._common,
            self._truth.sum(axis=0),
            len(self._clips),
            len(np.unique(self._groups)),
        )

    def _without_labels(self, name: str, results: Mapping[str, EvaluationResult]) -> ModelRobustness:
        """Compute the agreement of a model with its own tags."""
        clean, scores = results[""].test, []
        for chain in self._deformations:
            kept = tuple(np.array(clean.tags)[~_changed(chain, clean.tags)].tolist())
            first, second = (_select(test, self._clips, kept).scores for test in (clean, results[str(chain)].test))
            k = min(HIGHEST, len(kept))
            scores.append(_Values(tag_agreement(first, second, k), tag_agreement(first, second, k, self._counts)))
        own = np.array([score.value for score in scores])
        return self._model(name, results[""], scores, own, len(clean.tags), {}, [{} for _ in scores])

    def _by_labels(self, name: str, results: Mapping[str, EvaluationResult]) -> ModelRobustness:
        """Compute the retained AP of a model."""
        clean = {metric: self._per_tag(metric, results[""]) for metric in METRICS}
        scores, own, drops = [], [], []
        for chain in self._deformations:
            unchanged = ~_changed(chain, self._tags)
            deformed = {metric: self._per_tag(metric, results[str(chain)]) for metric in METRICS}
            before, after = clean["average_precision"], deformed["average_precision"]
            common = self._common & unchanged
            scores.append(self._retained(before, after, common))
            own.append(self._retained(before, after, unchanged).value)
            drops.append({metric: self._drop(clean[metric], deformed[metric], common) for metric in METRICS})
        number = int((~np.isnan(clean["average_precision"].value)).sum())
        return self._model(name, results[""], scores, np.array(own), number, clean, drops)

    def _model(
        self,
        name: str,
        result: EvaluationResult,
        scores: Sequence[_Values],
        own: NDArray[np.float64],
        own_number: int,
        clean: Mapping[str, _Values],
        drops: Sequence[Mapping[str, Drop]],
    ) -> ModelRobustness:
        """Average the scores of all deformations."""
        stacked = [np.stack(arrays) for arrays in zip(*scores, strict=True)]

        def mean(rows: NDArray[np.bool_]) -> Interval:
            return self._interval(_Values(*(mean_over_strengths(each[rows], self._names[rows]) for each in stacked)))

        conditions = zip(self._deformations, map(self._interval, scores), drops, strict=True)
        return ModelRobustness(
            name,
            result.info,
            mean(np.ones(len(own), bool)),
            {deformation: mean(self._names == deformation) for deformation in dict.fromkeys(self._names.tolist())},
            float(mean_over_strengths(own, self._names)),
            own_number,
            {metric: self._interval(values.mean(self._common)) for metric, values in clean.items()},
            {metric: values.value for metric, values in clean.items()},
            tuple(Condition(*condition) for condition in conditions),
        )

    def _per_tag(self, metric: str, result: EvaluationResult) -> _Values:
        """Compute a metric of each tag; NaN for tags without scores."""
        scores = _select(result.test, self._clips, self._tags)
        value, resampled = np.full(len(self._tags), np.nan), np.full((len(self._counts), len(self._tags)), np.nan)
        tags = np.flatnonzero(scores.scored)
        if len(tags):
            inputs = scores.scores[:, tags], self._truth[:, tags]
            value[tags] = METRICS[metric].per_tag(*inputs)
            resampled[:, tags] = METRICS[metric].per_tag(*inputs, counts=self._counts)
        return _Values(value, resampled)

    def _retained(self, clean: _Values, deformed: _Values, tags: NDArray[np.bool_]) -> _Values:
        return _Values(
            *(
                retained_skill(before[..., tags], after[..., tags], chance[..., tags])
                for before, after, chance in zip(clean, deformed, self._chance, strict=True)
            )
        )

    def _drop(self, clean: _Values, deformed: _Values, tags: NDArray[np.bool_]) -> Drop:
        difference = deformed - clean
        kinds = [self._info.protocol.vocabulary.tags[tag] for tag in self._tags]
        of_tag = zip(difference.value, difference.resampled.T, strict=True)
        return Drop(
            self._interval(deformed.mean(tags)),
            self._interval(difference.mean(tags)),
            np.array([self._interval(_Values(*values)) for values in of_tag]),
            {kind: self._interval(difference.mean(tags & (np.array(kinds) == kind))) for kind in dict.fromkeys(kinds)},
        )

    def _interval(self, values: _Values) -> Interval:
        """Return a value with its interval; none from a single group, which has no other resample than itself."""
        value = float(values.value)
        if not self._has_intervals or math.isnan(value):
            return Interval(value, math.nan, math.nan)
        return percentile_interval(value, values.resampled)


def _mean(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Mean over the tags (..., tags) that have a value; NaN where none has."""
    with np.errstate(invalid="ignore"):
        mean: NDArray[np.float64] = np.nansum(values, axis=-1) / (~np.isnan(values)).sum(axis=-1)
    return mean


def _changed(chain: Chain, tags: Sequence[str]) -> NDArray[np.bool_]:
    """Return which tags a deformation may make wrong."""
    return np.array([chain.changes_tag(tag) for tag in tags], bool)


def _select(scores: LabelledScores, clips: Sequence[str], tags: Sequence[str]) -> LabelledScores:
    """Return some clips and tags, in the given order."""
    row = {clip: i for i, clip in enumerate(scores.clips.tolist())}
    column = {tag: i for i, tag in enumerate(scores.tags)}
    rows, columns = [row[clip] for clip in clips], [column[tag] for tag in tags]
    of_both = np.ix_(rows, columns)
    return LabelledScores(
        scores.clips[rows], scores.groups[rows], tuple(tags), scores.scores[of_both], scores.truth[of_both]
    )
