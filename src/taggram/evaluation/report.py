"""A comparison of models as one self-contained HTML file."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from taggram import __version__
from taggram.datasets import dataset
from taggram.evaluation.compare import ComparedModel, Comparison, ComparisonTable
from taggram.evaluation.comparison.calibration import level_shares, probabilities, reliability
from taggram.evaluation.comparison.comparison_metrics import predict_classes
from taggram.evaluation.comparison.conclusions import conclusions, enumerate_names, interval_text
from taggram.evaluation.predefined import PROTOCOLS
from taggram.metrics import Interval, accuracy, balanced_accuracy, confusion_matrix, pr_curve, roc_curve
from taggram.models.card import LEVELS
from taggram.reporting import plots, render, write_report
from taggram.reporting.figure import inline_svg, theme
from taggram.vocabularies import label

__all__ = ["report"]

TITLES = {"own": "Own tags", "zero-shot": "Zero-shot", "probe": "Probe of the embedding"}
ABOUT = {
    "own": "The tags of the protocol are the models' own.",
    "zero-shot": "Each tag is mapped to the model's tags of the same meaning. The models were not trained on this data set's tags.",
    "probe": "A logistic regression on the embedding, fitted on the training clips, predicts each tag.",
}
COSTS = {  # field of the cost, axis, unit
    "parameters": ("parameters", 1.0),
    "macs_per_second": ("multiply-accumulate operations per second of audio", 1.0),
    "seconds_per_minute": ("seconds per minute of audio, one thread", 1.0),
}
ROWS = 60  # tags of a chart, at most


def report(comparison: Comparison, file: Path) -> None:
    """Write the report of a comparison.

    Parameters
    ----------
    comparison
        From `compare`.
    file
        HTML file to write or replace.

    Raises
    ------
    MissingExtraError
        If Jinja2 or matplotlib is not installed.
    TaggramError
        If the file cannot be written.
    """
    with theme():
        write_report(_page(comparison), file)


def _page(comparison: Comparison) -> str:
    protocol = comparison.protocol
    names = dict.fromkeys(model.name for table in comparison.tables for model in table.models)
    series = {name: i for i, name in enumerate(names)}
    definition = PROTOCOLS.get(protocol.name.partition(" ")[0])
    return render(
        "evaluation.html",
        comparison=comparison,
        protocol=protocol,
        data=dataset(protocol.dataset),
        about=definition.about if definition else "",
        tiles=_tiles(comparison, len(names)),
        sections=[_Section(comparison, table, series).context() for table in comparison.tables],
        series=series,
        interval=interval_text,
        label=label,
        levels=LEVELS,
        version=__version__,
    )


def _tiles(comparison: Comparison, models: int) -> list[tuple[str, str]]:
    """Return the headline numbers with their captions."""
    clips = max(len(table.clips) for table in comparison.tables)
    groups = max(len(np.unique(table.groups)) for table in comparison.tables)
    return [
        (f"{models:,}", "model" if models == 1 else "models"),
        (f"{clips:,}", "clips"),
        (comparison.protocol.hash, "protocol hash"),
        (f"{groups:,}", "artists or recordings"),
        (f"{len(comparison.protocol.vocabulary):,}", "tags"),
    ]


class _Section:
    """Everything about the models that were asked in the same way."""

    def __init__(self, comparison: Comparison, table: ComparisonTable, series: Mapping[str, int]) -> None:
        self._comparison, self._table, self._models = comparison, table, table.models
        self._names = [model.name for model in table.models]
        self._series = [series[name] for name in self._names]
        self._tags = comparison.protocol.vocabulary.names
        self._metric = comparison.metrics[0]

    def context(self) -> dict[str, Any]:
        """Return the variables of the template."""
        table = self._table
        return {
            "id": table.asking,
            "title": TITLES[table.asking],
            "about": ABOUT[table.asking],
            "table": table,
            "sentences": conclusions(self._comparison, table),
            "notes": self._notes(),
            "n_pos": table.truth.sum(axis=0).tolist(),
            "order": self._tag_order(),
            "forest": self._forest(),
            "curves": self._curves(),
            "tag_plots": self._tag_plots(),
            "calibration": self._calibration(),
            "confusions": self._confusions(),
            "costs": self._costs(),
        }

    def _svg(self, figure: Any, name: str, title: str) -> str:
        return inline_svg(figure, f"{self._table.asking}-{name}", title)

    def _notes(self) -> list[str]:
        """Return what limits the comparison."""
        table, notes = self._table, []
        if not table.common_tags.all():
            missing = [label(tag) for tag, common in zip(self._tags, table.common_tags, strict=True) if not common]
            notes.append(
                f"Means are over the {table.common_tags.sum()} of {len(self._tags)} tags that all models have; without "
                f"{enumerate_names(missing[:8])}{f' and {len(missing) - 8} more' if len(missing) > 8 else ''}."
            )
        undefined = table.common_tags & (~table.truth.any(axis=0) | table.truth.all(axis=0))
        if undefined.any():
            notes.append(f"{undefined.sum()} of these tags have no value, as all clips have them or none has.")
        if table.left_out:
            notes.append(f"{table.left_out:,} clips are left out, as they are missing for some models.")
        if len(np.unique(table.groups)) == 1:
            notes.append("All clips are of one artist or recording, so there are no intervals and no tests.")
        if self._comparison.protocol.leaky:
            notes.append("The splits of this protocol share recordings or artists: values are too high for new music.")
        return notes

    def _tag_order(self) -> list[int]:
        """Order tags by the mean value of the models, those without a value last."""
        values = np.stack([model.metrics[self._metric.name].per_tag for model in self._models])
        with np.errstate(invalid="ignore"):
            mean = np.nansum(values, axis=0) / (~np.isnan(values)).sum(axis=0)
        return sorted(range(len(mean)), key=lambda tag: (math.isnan(mean[tag]), -mean[tag], self._tags[tag]))

    def _forest(self) -> list[str]:
        """Plot the means, and their differences to the reference."""
        plotted = []
        for metric in self._comparison.metrics:
            values = [model.metrics[metric.name] for model in self._models]
            what = f"{metric.title}, mean over tags"
            figure = plots.intervals(self._names, [value.mean for value in values], what, self._series)
            plotted.append(self._svg(figure, f"means-{metric.name}", f"{what}, with 95 % intervals"))
            if len(values) > 1:
                what = f"{metric.title}, difference to {self._table.reference}"
                differences = [value.difference for value in values]
                figure = plots.intervals(self._names, differences, what, self._series, zero=True)
                plotted.append(self._svg(figure, f"differences-{metric.name}", f"{what}, with 95 % intervals"))
        return plotted

    def _curves(self) -> list[str]:
        common, truth = self._table.common_tags, self._table.truth
        truth = truth[:, common].ravel()
        if not 0 < truth.sum() < truth.size:
            return []
        roc, pr = [], []
        for model in self._models:
            scores = model.scores[:, common].ravel()
            curve, other = roc_curve(scores, truth), pr_curve(scores, truth)
            roc.append((curve.false_positive_rate, curve.true_positive_rate))
            pr.append((other.recall, other.precision))
        return [
            self._svg(plots.curves(self._names, roc, "roc", self._series), "roc", "ROC curves of all models"),
            self._svg(
                plots.curves(self._names, pr, "pr", self._series, base=truth.mean()),
                "pr",
                "Precision-recall curves of all models",
            ),
        ]

    def _tag_plots(self) -> list[tuple[str, list[str]]]:
        """Plot the metric that ranks for each tag, for each model."""
        values = np.stack([model.metrics[self._metric.name].per_tag for model in self._models])
        order = [tag for tag in self._tag_order() if not np.isnan(values[:, tag]).all()]
        columns = max(1, math.ceil(len(order) / ROWS), 2 if len(order) > 15 else 1)
        parts = [part.tolist() for part in np.array_split(np.array(order, int), columns)]
        plotted = []
        for i, model in enumerate(self._models):
            figures = [
                plots.tag_values(
                    [label(self._tags[tag]) for tag in part],
                    self._tag_intervals(model, part),
                    np.delete(values, i, axis=0)[:, part],
                    self._metric.title,
                    series=self._series[i],
                    limits=_limits(values),
                )
                for part in parts
                if part
            ]
            title = f"{self._metric.title} of {model.name} for each tag, with 95 % intervals"
            plotted.append(
                (model.name, [self._svg(figure, f"tags-{i}-{j}", title) for j, figure in enumerate(figures)])
            )
        return plotted

    def _tag_intervals(self, model: ComparedModel, tags: list[int]) -> list[Interval]:
        value = model.metrics[self._metric.name]
        return [Interval(value.per_tag[tag], *value.per_tag_interval[tag]) for tag in tags]

    def _calibration(self) -> dict[str, Any]:
        """Plot the reliability of scores, and of the probabilities of models with levels."""
        table = self._table
        scores = {model.name: reliability(model.scores, table.truth) for model in self._models}
        likely = {model.name: probabilities(model, self._tags) for model in self._models}
        levels = {
            name: reliability(values, table.truth) for name, values in likely.items() if values is not None
        }
        series = dict(zip(self._names, self._series, strict=True))

        def plot(diagrams: Mapping[str, Any], name: str, title: str, axis: str) -> str:
            drawn = {model: diagram for model, diagram in diagrams.items() if diagram is not None}
            if not drawn:
                return ""
            points = [(diagram.mean, diagram.share) for diagram in drawn.values()]
            figure = plots.reliability(list(drawn), points, [series[model] for model in drawn], axis)
            return self._svg(figure, name, title)

        return {
            "errors": {name: diagram.error for name, diagram in scores.items() if diagram is not None},
            "refused": [name for name, diagram in scores.items() if diagram is None],
            "scores": plot(scores, "reliability", "Reliability diagram of the scores", "mean score"),
            "probabilities": plot(
                levels, "probabilities", "Reliability diagram of the probabilities of levels", "mean probability"
            ),
            "shares": {
                model.name: level_shares(model, table, values)
                for model in self._models
                if (values := likely[model.name]) is not None
            },
        }

    def _confusions(self) -> list[dict[str, Any]]:
        """Plot the confusion matrices, if each clip has exactly one of the tags of all models."""
        table = self._table
        if not table.single_label:
            return []
        columns = np.flatnonzero(table.common_tags)
        names = [label(self._tags[column]) for column in columns]
        truth = table.truth[:, columns].argmax(axis=1)
        confusions = []
        for i, model in enumerate(self._models):
            predicted = predict_classes(model.scores[:, columns]).argmax(axis=1)
            matrix = confusion_matrix(predicted, truth, np.arange(len(names)))
            confusions.append(
                {
                    "name": model.name,
                    "accuracy": accuracy(predicted, truth),
                    "balanced_accuracy": balanced_accuracy(predicted, truth),
                    "chart": self._svg(
                        plots.confusion(names, matrix), f"confusion-{i}", f"Confusion matrix of {model.name}"
                    ),
                }
            )
        return confusions

    def _costs(self) -> list[str]:
        """Plot the metric that ranks over each cost that at least two models have."""
        values = [model.metrics[self._metric.name].mean for model in self._models]
        plotted = []
        for name, (axis, _) in COSTS.items():
            costs = np.array([getattr(model.info.cost, name) or math.nan for model in self._models], float)
            if (~np.isnan(costs)).sum() > 1:
                front = _pareto_front(costs, np.array([value.value for value in values]))
                figure = plots.cost(self._names, costs, values, front, axis, f"{self._metric.title}, mean over tags", self._series)
                plotted.append(self._svg(figure, f"cost-{name}", f"{self._metric.title} over {axis}"))
        return plotted


def _pareto_front(costs: NDArray[np.float64], values: NDArray[np.float64]) -> list[bool]:
    """Return which models no other one beats in both cost and value."""
    better = (costs[:, None] <= costs) & (values[:, None] >= values)
    strictly = (costs[:, None] < costs) | (values[:, None] > values)
    front: list[bool] = (~(better & strictly).any(axis=0) & ~np.isnan(costs) & ~np.isnan(values)).tolist()
    return front


def _limits(values: NDArray[np.float64]) -> tuple[float, float]:
    """Return limits of an axis for all values."""
    finite = values[~np.isnan(values)]
    return (float(finite.min()), float(finite.max())) if finite.size else (0.0, 1.0)
