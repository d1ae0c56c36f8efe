"""Figures of a comparison: means, differences, curves, tags, reliability, confusion, and cost against quality."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from taggram.evaluation.comparison.calibration import Reliability, probabilities, reliability
from taggram.evaluation.comparison.comparison_metrics import METRICS, predict_classes
from taggram.evaluation.comparison.comparison_table import ComparedModel, ComparisonTable
from taggram.evaluation.comparison.mean_curves import GRID, mean_pr_curve, mean_roc_curve
from taggram.evaluation.comparison.pareto import COSTS, costs, pareto_front
from taggram.metrics import Interval, confusion_matrix
from taggram.reporting import plots
from taggram.vocabularies import label

if TYPE_CHECKING:
    from matplotlib.figure import Figure
else:
    Figure = Any  # matplotlib is optional, and loaded only when it is used

__all__ = ["ComparisonFigure", "comparison_figures", "order_tags"]

COLUMN = 40  # tags of a figure, at most
Kind = Literal["means", "curves", "tags", "reliability", "confusion", "cost"]


class ComparisonFigure(NamedTuple):
    """A figure.

    Attributes
    ----------
    name
        Of its file, without a suffix; of letters, digits and hyphens.
    kind
        What it shows.
    title
        The same in words.
    model
        Name of the model that it is about; empty: of all.
    figure
        To be saved within `taggram.reporting.theme`.
    """

    name: str
    kind: Kind
    title: str
    model: str
    figure: Figure


def comparison_figures(table: ComparisonTable, series: Mapping[str, int] | None = None) -> Iterator[ComparisonFigure]:
    """Yield the figures of models of one mode, within `taggram.reporting.theme`.

    Parameters
    ----------
    table
        The models.
    series
        Position of each model, which decides on its colour; None: from the best to the worst.
    """
    drawing = _Drawing(table, series or {model.name: i for i, model in enumerate(table.models)})
    for draw in (drawing.means, drawing.curves, drawing.tags, drawing.reliability, drawing.confusion, drawing.cost):
        for kind, name, title, model, figure in draw():
            yield ComparisonFigure(f"{table.mode}-{name}", kind, title, model, figure)


def order_tags(table: ComparisonTable) -> list[int]:
    """Order the tags by the mean over the models of the metric that ranks; those without a value are last."""
    values = _per_tag(table)
    count = (~np.isnan(values)).sum(axis=0)
    mean = np.where(count > 0, np.nansum(values, axis=0) / np.maximum(count, 1), -np.inf)
    return sorted(range(len(mean)), key=lambda tag: (-mean[tag], table.tags[tag]))


_Figures = Iterator[tuple[Kind, str, str, str, "Figure"]]


class _Drawing:
    """The figures of a table; each method yields kind, name, title, model and figure."""

    def __init__(self, table: ComparisonTable, series: Mapping[str, int]) -> None:
        self._table, self._models = table, table.models
        self._names = [model.name for model in table.models]
        self._series = [series[name] for name in self._names]
        self._metric = METRICS[next(iter(table.models[0].metrics))]

    def means(self) -> _Figures:
        """Draw the means of each metric, and their differences to the reference."""
        reference = self._table.reference
        for name in self._models[0].metrics:
            values = [model.metrics[name] for model in self._models]
            what = f"{METRICS[name].title}, mean over tags"
            figure = plots.intervals(self._names, [value.mean for value in values], what, self._series)
            yield "means", f"means-{name}", f"{what}, with 95 % intervals", "", figure
            if len(values) > 1:
                what = f"difference of {METRICS[name].title}"
                differences = [value.difference for value in values]
                figure = plots.intervals(self._names, differences, what, self._series, zero=True)
                yield "means", f"differences-{name}", f"Paired {what} to {reference}, with 95 % intervals", "", figure

    def curves(self) -> _Figures:
        """Draw the ROC and precision-recall curves, means over tags."""
        common = self._table.common_tags
        truth = self._table.truth[:, common]
        defined = truth.any(axis=0) & ~truth.all(axis=0)
        if not defined.any():
            return
        scores = [model.scores[:, common] for model in self._models]
        roc = [(GRID, mean_roc_curve(of_model, truth)) for of_model in scores]
        yield "curves", "roc", "ROC curves, mean over tags", "", plots.curves(self._names, roc, "roc", self._series)
        pr = [(GRID, mean_pr_curve(of_model, truth)) for of_model in scores]
        base = float(truth[:, defined].mean())
        figure = plots.curves(self._names, pr, "pr", self._series, base=base)
        yield "curves", "pr", "Precision-recall curves, mean over tags", "", figure

    def tags(self) -> _Figures:
        """Draw the metric that ranks for each tag, for each model."""
        table, values, n_pos = self._table, _per_tag(self._table), self._table.truth.sum(axis=0)
        tags = np.array([tag for tag in order_tags(table) if not np.isnan(values[:, tag]).all()], int)
        if not tags.size:
            return
        parts = np.array_split(tags, max(math.ceil(len(tags) / COLUMN), 2 if len(tags) > COLUMN / 2 else 1))
        intervals = [_tag_intervals(model, self._metric.name) for model in self._models]
        finite = np.array(intervals)[:, tags]
        limits = float(np.nanmin(finite)), float(np.nanmax(finite))
        for i, model in enumerate(self._models):
            title = f"{self._metric.title} of {model.name} for each tag, with 95 % intervals"
            for number, part in enumerate(parts, 1):
                figure = plots.tag_values(
                    [label(table.tags[tag]) for tag in part],
                    n_pos[part].tolist(),
                    [intervals[i][tag] for tag in part],
                    np.delete(values, i, axis=0)[:, part],
                    self._metric.title,
                    series=self._series[i],
                    limits=limits,
                )
                yield "tags", f"tags-{i + 1}-{number}", title, model.name, figure

    def reliability(self) -> _Figures:
        """Draw the reliability of scores, and of the probabilities of models with levels."""
        truth, tags = self._table.truth, self._table.tags
        scores = [reliability(model.scores, truth) for model in self._models]
        likely = [probabilities(model, tags) for model in self._models]
        levels = [None if values is None else reliability(values, truth) for values in likely]
        for diagrams, name, axis in (
            (scores, "reliability", "score"),
            (levels, "probabilities", "probability by the levels"),
        ):
            drawn = [i for i, diagram in enumerate(diagrams) if diagram is not None]
            points = [(diagram.mean, diagram.share) for diagram in diagrams if isinstance(diagram, Reliability)]
            if drawn:
                names, series = [self._names[i] for i in drawn], [self._series[i] for i in drawn]
                figure = plots.reliability(names, points, series, f"mean {axis}")
                yield "reliability", name, f"Reliability diagram: {axis} and share of clips with the tag", "", figure

    def confusion(self) -> _Figures:
        """Draw the confusion matrices, if each clip has exactly one tag."""
        if not self._table.single_label:
            return
        columns = np.flatnonzero(self._table.common_tags)
        names = [label(self._table.tags[column]) for column in columns]
        truth = self._table.truth[:, columns].argmax(axis=1)
        for i, model in enumerate(self._models):
            predicted = predict_classes(model.scores[:, columns]).argmax(axis=1)
            matrix = confusion_matrix(predicted, truth, np.arange(len(names)))
            title = f"Confusion matrix of {model.name}"
            yield "confusion", f"confusion-{i + 1}", title, model.name, plots.confusion(names, matrix)

    def cost(self) -> _Figures:
        """Draw the metric that ranks over each cost that at least two models have."""
        values = [model.metrics[self._metric.name].mean for model in self._models]
        for name, axis in COSTS.items():
            cost = costs(self._models, name)
            if (np.array(cost) > 0).sum() > 1:
                front = pareto_front(cost, [value.value for value in values])
                figure = plots.cost(self._names, cost, values, front, axis, self._metric.title, self._series)
                first = self._models[0].info.cost
                timed = f" ({first.device}, {first.machine}, one thread)" if name == "seconds_per_minute" else ""
                yield "cost", f"cost-{name}", f"{self._metric.title} and {axis}{timed}", "", figure


def _per_tag(table: ComparisonTable) -> NDArray[np.float64]:
    """Return the metric that ranks (models, tags)."""
    return np.stack([next(iter(model.metrics.values())).per_tag for model in table.models])


def _tag_intervals(model: ComparedModel, metric: str) -> list[Interval]:
    value = model.metrics[metric]
    return [Interval(*row) for row in np.column_stack([value.per_tag, value.per_tag_interval]).tolist()]
