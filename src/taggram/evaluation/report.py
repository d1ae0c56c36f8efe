"""A comparison of models as one self-contained HTML file."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from taggram import __version__
from taggram.datasets import dataset
from taggram.evaluation.compare import Comparison, ComparisonTable
from taggram.evaluation.comparison.calibration import level_shares, probabilities, reliability
from taggram.evaluation.comparison.comparison_metrics import predict_classes
from taggram.evaluation.comparison.conclusions import conclusions, limitations
from taggram.evaluation.comparison.figures import comparison_figures, order_tags
from taggram.evaluation.predefined import PROTOCOLS
from taggram.evaluation.robustness.figures import robustness_figures
from taggram.evaluation.robustness.robustness_table import Drop, ModelRobustness, RobustnessTable
from taggram.evaluation.robustness.summary import Robustness
from taggram.metrics import accuracy, balanced_accuracy, mean_over_strengths
from taggram.models.card import LEVELS
from taggram.reporting import inline_svg, render, theme, write_report
from taggram.vocabularies import label

__all__ = ["report"]

MODES = {
    "own": ("Own tags", "The tags of the protocol are the models' own."),
    "zero-shot": ("Zero-shot", "Each tag is mapped to the model's tags of the same meaning; nothing is fitted."),
    "probe": ("Probe of the embedding", "A logistic regression on the embedding, fitted on the training clips."),
}


def report(comparison: Comparison, file: Path, robustness: Robustness | None = None) -> None:
    """Write the report of a comparison.

    Parameters
    ----------
    comparison
        From `compare`.
    robustness
        From `summarize_robustness`, for a part of its own; None: there is none.
    file
        HTML file to write or replace.

    Raises
    ------
    MissingExtraError
        If Jinja2 or matplotlib is not installed.
    TaggramError
        If the file cannot be written.
    """
    protocol = comparison.protocol
    robustness_tables = () if robustness is None else robustness.tables
    compared = dict.fromkeys(model.name for table in comparison.tables for model in table.models)
    names = compared | dict.fromkeys(model.name for table in robustness_tables for model in table.models)
    series = {name: i for i, name in enumerate(names)}
    names_of_protocol = [name for name in PROTOCOLS if protocol.name.startswith(name)]  # with a suffix for its clips
    with theme():
        sections = [_section(comparison, table, series) for table in comparison.tables]
        robust = [_robustness(table, series) for table in robustness_tables]
    html = render(
        "evaluation.html",
        comparison=comparison,
        protocol=protocol,
        data=dataset(protocol.dataset),
        about=PROTOCOLS[max(names_of_protocol, key=len)].about if names_of_protocol else "",
        tiles=_tiles(comparison, len(compared)),
        sections=sections,
        robustness=robust,
        series=series,
        label=label,
        levels=LEVELS,
        version=__version__,
    )
    write_report(html, file)


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


def _section(comparison: Comparison, table: ComparisonTable, series: Mapping[str, int]) -> dict[str, Any]:
    """Return the variables of the template about the models of one mode."""
    title, about = MODES[table.mode]
    figures: dict[str, dict[str, list[str]]] = {}
    for figure in comparison_figures(table, series):
        svg = inline_svg(figure.figure, figure.name, figure.title)
        figures.setdefault(figure.kind, {}).setdefault(figure.model, []).append(svg)
    scores = {model.name: reliability(model.scores, table.truth) for model in table.models}
    likely = {model.name: probabilities(model, table.tags) for model in table.models}
    return {
        "id": table.mode,
        "title": title,
        "about": about,
        "table": table,
        "sentences": conclusions(comparison, table),
        "limitations": limitations(comparison, table),
        "groups": len(np.unique(table.groups)),
        "n_pos": table.truth.sum(axis=0).tolist(),
        "tag_order": order_tags(table),
        "figures": figures,
        "accuracies": _accuracies(table) if table.single_label else {},
        "errors": {name: diagram.error if diagram else None for name, diagram in scores.items()},
        "shares": {
            model.name: level_shares(model, table, values)
            for model in table.models
            if (values := likely[model.name]) is not None
        },
    }


def _robustness(table: RobustnessTable, series: Mapping[str, int]) -> dict[str, Any]:
    """Return the variables of the template about models under the same deformations."""
    kinds = dict.fromkeys(table.protocol.vocabulary.tags[tag] for tag in table.tags)
    has_value = ~np.all([np.isnan(values) for model in table.models for values in model.clean_tags.values()], axis=0)
    return {
        "table": table,
        "mode": MODES[table.mode][0].lower() if table.has_labels else "without labels",
        "figures": [inline_svg(each.figure, each.name, each.title) for each in robustness_figures(table, series)],
        "tag_order": sorted(np.flatnonzero(has_value).tolist(), key=lambda tag: label(table.tags[tag]).casefold()),
        "changes": {
            model.name: {
                "tags": _mean_changes(model, table, lambda drop: drop.tags[:, 0].tolist()),
                "categories": _mean_changes(model, table, lambda drop: [drop.categories[kind].value for kind in kinds]),
            }
            for model in table.models
            if table.has_labels
        },
        "categories": list(kinds),
    }


def _mean_changes(
    model: ModelRobustness, table: RobustnessTable, values: Callable[[Drop], list[float]]
) -> list[list[float]]:
    """Return changes of AP, mean over the strengths of each deformation, a row per tag or category."""
    columns = []
    for name in table.deformation_names:
        conditions = model.of(name)
        changes = [values(condition.drops["average_precision"]) for condition in conditions]
        columns.append(mean_over_strengths(changes, [name] * len(conditions)))
    rows: list[list[float]] = np.stack(columns, axis=1).tolist()
    return rows


def _accuracies(table: ComparisonTable) -> dict[str, tuple[float, float]]:
    """Return accuracy and balanced accuracy of each model."""
    common = table.common_tags
    truth = table.truth[:, common].argmax(axis=1)
    predictions = {model.name: predict_classes(model.scores[:, common]).argmax(axis=1) for model in table.models}
    return {
        name: (accuracy(predicted, truth), balanced_accuracy(predicted, truth))
        for name, predicted in predictions.items()
    }
