"""A comparison in sentences: which model is best, by how much, and how certain that is."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Sequence

from taggram.evaluation.compare import ComparedModel, Comparison, ComparisonTable, ModelPair
from taggram.evaluation.comparison.comparison_metrics import ComparisonMetric
from taggram.metrics import Interval
from taggram.vocabularies import label

__all__ = ["conclusions", "enumerate_names", "interval_text", "limitations"]

NAMES = 8  # of tags, at most


def conclusions(comparison: Comparison, table: ComparisonTable) -> list[str]:
    """Return what a table of models shows, one sentence or two per item."""
    first, *others = comparison.metrics
    lines = [*_best(first, table)]
    for metric in others:
        lines.extend(_by_another(metric, table))
    return lines


def limitations(comparison: Comparison, table: ComparisonTable) -> list[str]:
    """Return what limits the conclusions, a sentence each."""
    lines, tags = [], comparison.protocol.vocabulary.names
    if not table.common_tags.all():
        missing = [label(tag) for tag in itertools.compress(tags, ~table.common_tags)]
        if len(missing) > NAMES:
            missing[NAMES:] = [f"and {len(missing) - NAMES} more"]
        lines.append(
            f"Means are over {table.common_tags.sum()} of the {len(tags)} tags, which all models have. Left out: "
            f"{', '.join(missing)}."
        )
    undefined = int((table.common_tags & (~table.truth.any(axis=0) | table.truth.all(axis=0))).sum())
    if undefined:
        tags_have = "1 tag has" if undefined == 1 else f"{undefined} tags have"
        lines.append(f"{tags_have} no value: no clip or every clip is labelled so.")
    if table.left_out:
        lines.append(f"{table.left_out:,} clips are left out, because some models have no scores for them.")
    if len(set(table.groups.tolist())) == 1:
        lines.append("All clips are of one artist or recording, so there are no intervals and no tests.")
    if comparison.protocol.leaky:
        lines.append("The splits share recordings or artists by construction, so values are higher than for new music.")
    return lines


def interval_text(interval: Interval) -> str:
    """Format a value with its interval; a dash without a value.

    Examples
    --------
    >>> interval_text(Interval(0.8312, 0.8, 0.86)), interval_text(Interval(0.5, math.nan, math.nan))
    ('0.831 (0.800 to 0.860)', '0.500')
    """
    if math.isnan(interval.value):
        return "\N{EN DASH}"
    value, low, high = (f"{number:.3f}".replace("-", "\N{MINUS SIGN}") for number in interval)
    return value if math.isnan(interval.low) else f"{value} ({low} to {high})"


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
    tied, behind = _pairs_of(best, metric, table)
    if not tied and not behind:
        yield f"{best.name} has {reaches}. No other model has a value."
    elif not tied:
        pair = behind[0]
        yield (
            f"{best.name} is best: it has {reaches}, which is {interval_text(pair.difference)} above {pair.second}, "
            f"the second. The difference is statistically clear ({_p_text(pair.p_adjusted)})."
        )
    elif math.isnan(tied[0].p):
        yield f"{best.name} has {reaches}, the highest one. Without several artists, chance cannot be excluded."
    else:
        names = enumerate_names([pair.second for pair in tied])
        largest = max(tied, key=lambda pair: pair.difference.value)
        yield (
            f"{best.name} is tied with {names}. It has the highest value, {reaches}, but these clips do not show that "
            f"it is better: the {'largest ' if len(tied) > 1 else ''}difference, that to {largest.second}, is "
            f"{interval_text(largest.difference)}, {_p_text(largest.p_adjusted)}."
        )
        if behind:
            pair = behind[0]
            rest = {1: "", 2: ", as is the one after it"}.get(len(behind), f", as are the {len(behind) - 1} after it")
            yield f"{pair.second} is clearly worse than {best.name}, by {interval_text(pair.difference)}{rest}."


def _by_another(metric: ComparisonMetric, table: ComparisonTable) -> Iterator[str]:
    """Yield whether another metric has the same best model."""
    ranked = [model for model in table.models if not math.isnan(model.metrics[metric.name].mean.value)]
    if not ranked:
        return
    best = max(ranked, key=lambda model: model.metrics[metric.name].mean.value)
    value = interval_text(best.metrics[metric.name].mean)
    if len(table.models) == 1:
        yield f"Its mean {metric.title} is {value}."
        return
    tied, _ = _pairs_of(best, metric, table)
    same = "also " if best is table.models[0] else ""
    rest = f"tied with {enumerate_names([pair.second for pair in tied])}" if tied else "clearly above all others"
    yield f"By mean {metric.title}, {best.name} is {same}first with {value}, {rest}."


def _pairs_of(
    best: ComparedModel, metric: ComparisonMetric, table: ComparisonTable
) -> tuple[list[ModelPair], list[ModelPair]]:
    """Return the pairs of the best model with those that it does not differ from, and with the others."""
    pairs = [pair for pair in table.pairs if pair.metric == metric.name and pair.first == best.name]
    pairs = [pair for pair in pairs if not math.isnan(pair.difference.value)]
    return [pair for pair in pairs if not pair.differ], [pair for pair in pairs if pair.differ]


def _p_text(p: float) -> str:
    space = "\N{NO-BREAK SPACE}"
    return f"p{space}<{space}0.001" if p < 0.001 else f"p{space}={space}{p:.3f}"
