"""Values and paired differences of models on the clips that all of them have."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from taggram.errors import EvaluationError, MissingExtraError
from taggram.evaluation.comparison.comparison_metrics import (
    ComparisonMetric,
    fit_f1_thresholds,
    mean_over_tags,
    predict_classes,
)
from taggram.evaluation.comparison.comparison_table import (
    ComparedModel,
    ComparisonTable,
    MetricValue,
    ModelPair,
    is_single_label,
)
from taggram.evaluation.comparison.letters import letter_display
from taggram.evaluation.evaluation_result import EvaluationResult
from taggram.metrics import Interval, McNemar, draw_counts, holm, macro, mcnemar, percentile_interval, spearman

__all__ = ["build_table"]


def build_table(
    results: Sequence[EvaluationResult],
    names: Sequence[str],
    metrics: Sequence[ComparisonMetric],
    *,
    reference: str | None,
    resamples: int,
    seed: int,
) -> ComparisonTable:
    """Compare models of one mode.

    Parameters
    ----------
    results
        Of one protocol.
    names
        Of the models, each once.
    metrics
        The first one ranks.
    reference, resamples, seed
        As of `compare`; a reference that is not among the names is ignored.

    Raises
    ------
    EvaluationError
        If the models have no clip or tag in common, or if a metric cannot be computed.
    MissingExtraError
        If SciPy is not installed.
    """
    return _Builder(results, names, metrics, resamples, seed).table(reference)


class _Builder:
    """The comparison of models of one mode."""

    def __init__(
        self,
        results: Sequence[EvaluationResult],
        names: Sequence[str],
        metrics: Sequence[ComparisonMetric],
        resamples: int,
        seed: int,
    ) -> None:
        self._results, self._names, self._metrics = results, list(names), metrics
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
            self._results[0].info.mode,
            self._names[base],
            compared,
            tuple(pair for of_metric in pairs.values() for pair in of_metric),
            self._agreement(values) if len(compared) > 2 else {},
            self._results[0].test.tags,
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
                f"{self._names[model]}: {metric.title} needs thresholds, and no validation clips were scored to fit "
                "them on: evaluate without --all and --no-valid"
            )
        thresholds = fit_f1_thresholds(valid)[self._columns[model]]
        return scores >= thresholds, own & ~np.isnan(thresholds)

    @property
    def _single_label(self) -> bool:
        return is_single_label(self._truth, self._common)

    def _metric_value(self, values: _ModelValues, base: _ModelValues, letters: str) -> MetricValue:
        return MetricValue(
            self._interval(values.mean, values.means),
            self._interval(values.mean - base.mean, values.means - base.means),
            letters,
            macro(values.per_tag),
            values.per_tag,
            self._tag_intervals(values.per_tag, values.resampled)[:, 1:],
            self._tag_intervals(values.per_tag - base.per_tag, values.resampled - base.resampled),
        )

    def _tag_intervals(self, values: NDArray[np.float64], resampled: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the value of each tag with its interval (tags, 3)."""
        return np.array([self._interval(*of_tag) for of_tag in zip(values.tolist(), resampled.T, strict=True)])

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


def _ids(result: EvaluationResult) -> frozenset[str]:
    return frozenset(result.test.clips.tolist())


def _rows(values: NDArray[np.str_], order: Iterable[str]) -> list[int]:
    """Return the positions of some values."""
    position = {value: i for i, value in enumerate(values.tolist())}
    return [position[value] for value in order]
