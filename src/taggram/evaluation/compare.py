"""Comparison of models under a protocol: ranking, paired differences, and groups of models that do not differ."""

from __future__ import annotations

import itertools
import math
import os
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from taggram.errors import EvaluationError, MissingExtraError, did_you_mean
from taggram.evaluation.comparison.comparison_metrics import (
    ComparisonMetric,
    find_metrics,
    fit_f1_thresholds,
    mean_over_tags,
    predict_classes,
)
from taggram.evaluation.comparison.letters import letter_display
from taggram.evaluation.evaluation_result import Asking, EvaluationInfo, EvaluationResult, find_results, read_result
from taggram.evaluation.protocol import Protocol
from taggram.evaluation.published import PublishedResult, published_results
from taggram.metrics import (
    Interval,
    Macro,
    McNemar,
    draw_counts,
    holm,
    macro,
    mcnemar,
    percentile_interval,
    spearman,
)

__all__ = ["ComparedModel", "Comparison", "ComparisonTable", "MetricValue", "ModelPair", "compare"]

LEVEL = 0.05  # adjusted p-values below it: two models differ
ASKINGS: tuple[Asking, ...] = ("own", "zero-shot", "probe")


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
    per_tag_difference : (tags, 3) float64
        Difference to the reference model, and the low and high end of its interval; NaN as `per_tag`.
    """

    mean: Interval
    difference: Interval
    letters: str
    own_tags: Macro
    per_tag: NDArray[np.float64]
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
    """Models that were asked in the same way.

    Attributes
    ----------
    asking
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
    clips, groups : (clips,) str
        The clips that all models have, and their artists or recordings.
    truth : (clips, tags) bool
        Which clips have which tag.
    common_tags : (tags,) bool
        The tags that all models have.
    left_out
        Number of clips that some models have and others do not.
    """

    asking: Asking
    reference: str
    models: tuple[ComparedModel, ...]
    pairs: tuple[ModelPair, ...]
    agreement: Mapping[tuple[str, str], Interval]
    clips: NDArray[np.str_]
    groups: NDArray[np.str_]
    truth: NDArray[np.bool_]
    common_tags: NDArray[np.bool_]
    left_out: int


@dataclass(frozen=True, eq=False)
class Comparison:
    """Models under a protocol, with a table for each way of asking.

    Attributes
    ----------
    protocol
        The same rules for all.
    metrics
        The first one ranks.
    tables
        Never merged: a probe has learned the tags, a model that is asked zero-shot has not.
    published
        Results on the data set that others published; never averaged with those of the tables.
    resamples, seed
        Of the bootstrap.
    """

    protocol: Protocol
    metrics: tuple[ComparisonMetric, ...]
    tables: tuple[ComparisonTable, ...]
    published: tuple[PublishedResult, ...]
    resamples: int
    seed: int


def compare(
    results: Iterable[EvaluationResult | str | os.PathLike[str]],
    *,
    metrics: Sequence[str] = ("roc_auc", "average_precision"),
    reference: str | None = None,
    resamples: int = 1000,
    seed: int = 0,
) -> Comparison:
    """Compare models by their stored scores.

    All models of a table are compared on the clips and tags that all of them have, and on the same resamples of
    artists or recordings.

    Parameters
    ----------
    results
        From `evaluate`, or folders of results.
    metrics
        Names of `METRICS`; the first one ranks.
    reference
        Name of the model that differences are taken to; None: the best of each table.
    resamples, seed
        Number of resamples, and seed of their draws.

    Returns
    -------
    Comparison
        A table for each way of asking.

    Raises
    ------
    EvaluationError
        If there are no results, if their protocols or labels differ, if a result was changed after it was written, if
        a metric or the reference is unknown, or if models have no clip or tag in common.
    MissingExtraError
        Without the [train] extra.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> import taggram
    >>> from taggram.datasets import dataset
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     data, out, cache = Path(folder, "data"), Path(folder, "results"), Path(folder, "cache")
    ...     dataset("emotify").write_sample(data)
    ...     comparison = compare(taggram.evaluate("default", "emotify", data, out=out, cache=cache))
    >>> [(table.asking, [model.name for model in table.models]) for table in comparison.tables]
    [('zero-shot', ['small_vgg.default'])]
    """
    chosen = find_metrics(metrics)
    read = _read(results)
    protocol = read[0].info.protocol
    for result in read[1:]:
        protocol.require_equal(result.info.protocol)
    _require_equal_labels(read)
    if reference is not None and reference not in (names := {name for name, _ in _named(read)}):
        near = did_you_mean(reference, names) or f"; there are: {', '.join(sorted(names))}"
        raise EvaluationError(f"no result is of a model named {reference!r}{near}")
    by_asking = {asking: [result for result in read if result.info.asking == asking] for asking in ASKINGS}
    tables = [
        _Comparer(asking, of_asking, chosen, resamples, seed).table(reference)
        for asking, of_asking in by_asking.items()
        if of_asking
    ]
    return Comparison(
        protocol, chosen, tuple(tables), tuple(published_results(protocol.dataset)), resamples=resamples, seed=seed
    )


class _Comparer:
    """The comparison of models that were asked in the same way."""

    def __init__(
        self,
        asking: Asking,
        results: list[EvaluationResult],
        metrics: tuple[ComparisonMetric, ...],
        resamples: int,
        seed: int,
    ) -> None:
        self._asking, self._results, self._metrics = asking, results, metrics
        self._names = [name for name, _ in _named(results)]
        first = results[0].test
        every = [_ids(result) for result in results]
        clips = [clip for clip in first.clips.tolist() if all(clip in ids for ids in every)]
        if not clips:
            raise EvaluationError(f"{self._listing()} have no clip in common: evaluate them on the same audio")
        rows = _rows(first.clips, clips)
        self._clips, self._groups, self._truth = first.clips[rows], first.groups[rows], first.truth[rows]
        self._left_out = len(frozenset().union(*every)) - len(clips)
        columns = [_rows(np.array(result.test.tags), first.tags) for result in results]
        self._scores = [
            result.test.scores[np.ix_(_rows(result.test.clips, clips), order)]
            for result, order in zip(results, columns, strict=True)
        ]
        self._common = np.logical_not(np.any([np.isnan(scores).any(axis=0) for scores in self._scores], axis=0))
        if not self._common.any():
            raise EvaluationError(
                f"{self._listing()} have no tag of {results[0].info.protocol.name} in common: compare fewer of them"
            )
        self._counts = draw_counts(self._groups, rng=np.random.default_rng(seed), resamples=resamples)
        self._columns = columns

    def _listing(self) -> str:
        return ", ".join(self._names)

    def table(self, reference: str | None) -> ComparisonTable:
        """Compute all values, and rank the models."""
        values = {
            metric.name: [self._values(metric, model) for model in range(len(self._names))] for metric in self._metrics
        }
        means = np.array([model.mean for model in values[self._metrics[0].name]])
        ranking = sorted(range(len(means)), key=lambda i: (-np.nan_to_num(means[i], nan=-np.inf), self._names[i]))
        base = self._names.index(reference) if reference in self._names else ranking[0]
        pairs = {metric.name: self._pairs(metric, values[metric.name], ranking) for metric in self._metrics}
        letters = {name: self._letters(of_metric) for name, of_metric in pairs.items()}
        compared = tuple(
            ComparedModel(
                self._names[i],
                self._results[i].info,
                self._scores[i],
                {
                    name: self._metric_value(of_metric[i], of_metric[base], letters[name][self._names[i]])
                    for name, of_metric in values.items()
                },
            )
            for i in ranking
        )
        return ComparisonTable(
            self._asking,
            self._names[base],
            compared,
            tuple(pair for of_metric in pairs.values() for pair in of_metric),
            self._agreement(values) if len(compared) > 2 else {},
            self._clips,
            self._groups,
            self._truth,
            self._common,
            self._left_out,
        )

    def _values(self, metric: ComparisonMetric, model: int) -> _ModelValues:
        """Compute a metric of a model per tag and resample."""
        scores = self._scores[model]
        own = np.logical_not(np.isnan(scores).any(axis=0))
        inputs, has_value = self._inputs(metric, model, own)
        tags = np.flatnonzero(has_value)
        per_tag = np.full(len(own), np.nan)
        resampled = np.full((len(self._counts), len(own)), np.nan)
        if len(tags):
            per_tag[tags] = metric.per_tag(inputs[:, tags], self._truth[:, tags])
            resampled[:, tags] = metric.per_tag(inputs[:, tags], self._truth[:, tags], counts=self._counts)
        common, once = self._common, np.ones((1, len(scores)), np.int32)
        mean = mean_over_tags(metric, per_tag[None, common], self._truth[:, common], once)[0]
        means = mean_over_tags(metric, resampled[:, common], self._truth[:, common], self._counts)
        return _ModelValues(per_tag, resampled, float(mean), means)

    def _inputs(
        self, metric: ComparisonMetric, model: int, own: NDArray[np.bool_]
    ) -> tuple[NDArray[Any], NDArray[np.bool_]]:
        """Return what a metric takes (clips, tags), and the tags for which there is that."""
        scores = self._scores[model]
        if metric.takes == "scores":
            return scores, own
        if metric.takes == "classes":
            if not self._single_label:
                raise EvaluationError(f"{metric.title} needs exactly one of the models' common tags for each clip")
            return predict_classes(np.where(self._common, scores, -np.inf)), self._common
        valid = self._results[model].valid
        if valid is None:
            raise EvaluationError(
                f"{self._names[model]}: {metric.title} needs thresholds, and there are no scores of validation clips to fit "
                "them on: evaluate without --all and --no-valid"
            )
        thresholds = fit_f1_thresholds(valid)[self._columns[model]]
        return scores >= thresholds, own & ~np.isnan(thresholds)

    @property
    def _single_label(self) -> bool:
        """Whether each clip has exactly one tag, and all models have all tags that clips have."""
        truth = self._truth
        return bool((truth.sum(axis=1) == 1).all() and (truth[:, self._common].sum(axis=1) == 1).all())

    def _metric_value(self, values: _ModelValues, base: _ModelValues, letters: str) -> MetricValue:
        per_tag = np.array(
            [
                self._interval(difference, resampled)
                for difference, resampled in zip(
                    values.per_tag - base.per_tag, (values.resampled - base.resampled).T, strict=True
                )
            ]
        )
        return MetricValue(
            self._interval(values.mean, values.means),
            self._interval(values.mean - base.mean, values.means - base.means),
            letters,
            macro(values.per_tag),
            values.per_tag,
            per_tag,
        )

    def _interval(self, value: float, resampled: NDArray[np.float64]) -> Interval:
        """Return the interval of a value; none from a single group, which has no other resample than itself."""
        if self._degrees < 1 or math.isnan(value):
            return Interval(float(value), math.nan, math.nan)
        return percentile_interval(value, resampled)

    @property
    def _degrees(self) -> int:
        return len(np.unique(self._groups)) - 1

    def _pairs(self, metric: ComparisonMetric, values: list[_ModelValues], ranking: list[int]) -> list[ModelPair]:
        """Compare all pairs of models, each from the one with the higher mean."""
        order = sorted(ranking, key=lambda i: -np.nan_to_num(values[i].mean, nan=-np.inf))
        positions = list(itertools.combinations(order, 2))
        differences = [(values[i].mean - values[j].mean, values[i].means - values[j].means) for i, j in positions]
        p_values = np.array([_p_value(*difference, self._degrees) for difference in differences])
        adjusted = np.full(len(p_values), np.nan)
        tested = ~np.isnan(p_values)
        adjusted[tested] = holm(p_values[tested])
        return [
            ModelPair(
                self._names[i],
                self._names[j],
                metric.name,
                self._interval(*difference),
                float(p),
                float(p_adjusted),
                self._mcnemar(i, j) if self._single_label else None,
            )
            for (i, j), difference, p, p_adjusted in zip(positions, differences, p_values, adjusted, strict=True)
        ]

    def _mcnemar(self, first: int, second: int) -> McNemar:
        a, b = (np.where(self._common, self._scores[i], -np.inf).argmax(axis=1) for i in (first, second))
        return mcnemar(a, b, self._truth.argmax(axis=1))

    def _letters(self, pairs: list[ModelPair]) -> dict[str, str]:
        order = list(dict.fromkeys([name for pair in pairs for name in (pair.first, pair.second)])) or self._names
        position = {name: i for i, name in enumerate(order)}
        different = [(position[pair.first], position[pair.second]) for pair in pairs if pair.differ]
        return dict(zip(order, letter_display(len(order), different), strict=True))

    def _agreement(self, values: Mapping[str, list[_ModelValues]]) -> dict[tuple[str, str], Interval]:
        """Correlate the ranks of the models by each pair of metrics."""
        agreement = {}
        for first, second in itertools.combinations(values, 2):
            means = [np.array([model.mean for model in values[name]])[:, None] for name in (first, second)]
            resampled = [np.stack([model.means for model in values[name]]) for name in (first, second)]
            if np.isnan(means).any():
                continue
            kept = ~np.isnan(resampled).any(axis=(0, 1))
            correlations = spearman(*(array[:, kept] for array in resampled))
            agreement[first, second] = self._interval(float(spearman(*means)[0]), correlations)
        return agreement


@dataclass(frozen=True, eq=False)
class _ModelValues:
    """A metric of a model: per tag (tags,), per resample and tag, the mean over common tags, and that per resample."""

    per_tag: NDArray[np.float64]
    resampled: NDArray[np.float64]
    mean: float
    means: NDArray[np.float64]


def _p_value(difference: float, resampled: NDArray[np.float64], degrees: int) -> float:
    """Test a difference by its bootstrap standard error; see `ModelPair`."""
    try:
        from scipy.special import stdtr
    except ModuleNotFoundError:
        raise MissingExtraError("a comparison", "train") from None
    differences = resampled[~np.isnan(resampled)]
    if degrees < 1 or math.isnan(difference) or len(differences) < 2:
        return math.nan
    error, rounding = float(np.std(differences, ddof=1)), 1e-12
    if abs(difference) <= rounding:
        return 1.0
    p = 2 * float(stdtr(degrees, -abs(difference) / error)) if error > rounding else 0.0
    return max(p, 2.0**-degrees)


def _read(results: Iterable[EvaluationResult | str | os.PathLike[str]]) -> list[EvaluationResult]:
    """Read the results that are given as folders, and leave out repeated ones."""
    read: dict[str, EvaluationResult] = {}
    for item in results:
        if isinstance(item, EvaluationResult):
            found = [item]
        elif folders := find_results(item):
            found = [read_result(folder) for folder in folders]
        else:
            raise EvaluationError(f"{os.fspath(item)} has no results of taggram evaluate")
        read |= {result.info.content_hash: result for result in found}
    if not read:
        raise EvaluationError("there are no results to compare: run taggram evaluate first")
    return list(read.values())


def _named(results: list[EvaluationResult]) -> list[tuple[str, EvaluationResult]]:
    """Return each result with a name of its own: the model, if need be with its hash or its folder."""
    names = [result.info.model for result in results]
    for more in (lambda result: result.info.model_hash[:8], lambda result: str(result.folder)):
        keys = [(name, result.info.asking) for name, result in zip(names, results, strict=True)]
        repeated = {key for key, times in Counter(keys).items() if times > 1}
        names = [
            f"{name} ({more(result)})" if key in repeated else name
            for name, key, result in zip(names, keys, results, strict=True)
        ]
    return list(zip(names, results, strict=True))


def _require_equal_labels(results: list[EvaluationResult]) -> None:
    """Refuse results whose clips have other labels or groups: their protocols have the same hash of ids."""
    first = results[0]
    labels = {
        clip: (group, frozenset(itertools.compress(first.test.tags, row)))
        for clip, group, row in zip(
            first.test.clips.tolist(), first.test.groups.tolist(), first.test.truth, strict=True
        )
    }
    for other in results[1:]:
        rows = zip(other.test.clips.tolist(), other.test.groups.tolist(), other.test.truth, strict=True)
        for clip, group, row in rows:
            tags = frozenset(itertools.compress(other.test.tags, row))
            if labels.get(clip, (group, tags)) != (group, tags):
                raise EvaluationError(
                    f"the clip {clip} has other labels or another artist in {other.folder} than in {first.folder}: "
                    "evaluate both with the same version of the data set"
                )


def _labelled_clips(result: EvaluationResult) -> Iterable[tuple[str, str, NDArray[np.bool_]]]:
    return zip(result.test.clips.tolist(), result.test.groups.tolist(), result.test.truth, strict=True)


def _ids(result: EvaluationResult) -> frozenset[str]:
    return frozenset(result.test.clips.tolist())


def _rows(values: NDArray[np.str_], order: Iterable[str]) -> list[int]:
    """Return the positions of some values."""
    position = {value: i for i, value in enumerate(values.tolist())}
    return [position[value] for value in order]
