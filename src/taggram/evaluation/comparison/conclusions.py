"""A comparison in sentences: which model is best, by how much, and how certain that is."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from taggram.evaluation.compare import ComparedModel, Comparison, ComparisonTable, ModelPair
from taggram.evaluation.comparison.comparison_metrics import ComparisonMetric
from taggram.metrics import Interval

__all__ = ["conclusions", "enumerate_names", "interval_text"]


def conclusions(comparison: Comparison, table: ComparisonTable) -> list[str]:
    """Return what a table of models shows, one sentence or two per item."""
    first, *others = comparison.metrics
    lines = [*_best(first, table)]
    for metric in others:
        lines.extend(_by_another(metric, first, table))
    return lines


def interval_text(interval: Interval, digits: int = 3) -> str:
    """Format a value with its interval; a dash without a value.

    Examples
    --------
    >>> interval_text(Interval(0.8312, 0.8, 0.86)), interval_text(Interval(0.5, math.nan, math.nan))
    ('0.831 (0.800 to 0.860)', '0.500')
    """
    if math.isnan(interval.value):
        return "\N{EN DASH}"
    if math.isnan(interval.low):
        return f"{interval.value:.{digits}f}"
    return f"{interval.value:.{digits}f} ({interval.low:.{digits}f} to {interval.high:.{digits}f})"


def enumerate_names(names: Sequence[str]) -> str:
    """Join names by commas and an *and*.

    Examples
    --------
    >>> enumerate_names(["a", "b", "c"])
    'a, b and c'
    """
    return " and ".join(filter(None, [", ".join(names[:-1]), names[-1]]))


def _best(metric: ComparisonMetric, table: ComparisonTable) -> Iterator[str]:
    """Yield which models are best by the metric that ranks."""
    best = table.models[0]
    value = best.metrics[metric.name].mean
    if math.isnan(value.value):
        yield f"No model has a {metric.title}: no tag has both clips with it and clips without it."
        return
    reaches = f"a mean {metric.title} of {interval_text(value)}"
    if len(table.models) == 1:
        yield f"{best.name} has {reaches}. There is no other model to compare it with."
        return
    tied, behind = _tied_with(best, metric, table)
    if not tied:
        pair = behind[0]
        yield (
            f"{best.name} is best: it has {reaches}, which is {interval_text(pair.difference)} above {pair.second}, the "
            f"second. The difference is statistically clear (p {_p_text(pair.p_adjusted)})."
        )
        return
    names = enumerate_names([best.name, *(pair.second for pair in tied)])
    if math.isnan(tied[0].p):
        yield f"{best.name} has the highest value, {reaches}, but without several artists nothing can be said about chance."
        return
    largest = max(tied, key=lambda pair: pair.difference.value).difference
    yield (
        f"{names} are tied for the first place. {best.name} has the highest value, {reaches}, but these clips do not "
        f"decide between them: the largest difference among them is {interval_text(largest)}."
    )
    if behind:
        pair = behind[0]
        count = "is the only model" if len(behind) == 1 else f"is the first of {len(behind)} models"
        yield f"{pair.second} {count} clearly behind {best.name}: by {interval_text(pair.difference)}."


def _by_another(metric: ComparisonMetric, first: ComparisonMetric, table: ComparisonTable) -> Iterator[str]:
    """Yield whether another metric has the same best model."""
    ranked = [model for model in table.models if not math.isnan(model.metrics[metric.name].mean.value)]
    if not ranked:
        return
    best = max(ranked, key=lambda model: model.metrics[metric.name].mean.value)
    value = interval_text(best.metrics[metric.name].mean)
    if len(table.models) == 1:
        yield f"Its mean {metric.title} is {value}."
        return
    tied, _ = _tied_with(best, metric, table)
    same = "also " if best is table.models[0] else ""
    tie = f"; it is tied with {enumerate_names([pair.second for pair in tied])}" if tied else ", clearly above all others"
    yield f"By {metric.title}, the highest value is {same}that of {best.name}: {value}{tie}."


def _tied_with(
    best: ComparedModel, metric: ComparisonMetric, table: ComparisonTable
) -> tuple[list[ModelPair], list[ModelPair]]:
    """Return the pairs of the best model with those that it does not differ from, and with the others."""
    pairs = [pair for pair in table.pairs if pair.metric == metric.name and pair.first == best.name]
    return [pair for pair in pairs if not pair.differ], [pair for pair in pairs if pair.differ]


def _p_text(p: float) -> str:
    return "< 0.001" if p < 0.001 else f"= {p:.3f}"
