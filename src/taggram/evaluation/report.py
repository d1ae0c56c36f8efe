"""A comparison of models as one self-contained HTML file."""

from __future__ import annotations

from collections.abc import Mapping
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
from taggram.metrics import accuracy, balanced_accuracy
from taggram.models.card import LEVELS
from taggram.reporting import inline_svg, render, theme, write_report
from taggram.vocabularies import label

__all__ = ["report"]

MODES = {
    "own": ("Own tags", "The tags of the protocol are the models' own."),
    "zero-shot": ("Zero-shot", "Each tag is mapped to the model's tags of the same meaning; nothing is fitted."),
    "probe": ("Probe of the embedding", "A logistic regression on the embedding, fitted on the training clips."),
}


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
    protocol = comparison.protocol
    names = dict.fromkeys(model.name for table in comparison.tables for model in table.models)
    series = {name: i for i, name in enumerate(names)}
    names_of_protocol = [name for name in PROTOCOLS if protocol.name.startswith(name)]  # with a suffix for its clips
    with theme():
        sections = [_section(comparison, table, series) for table in comparison.tables]
    html = render(
        "evaluation.html",
        comparison=comparison,
        protocol=protocol,
        data=dataset(protocol.dataset),
        about=PROTOCOLS[max(names_of_protocol, key=len)].about if names_of_protocol else "",
        tiles=_tiles(comparison, len(names)),
        sections=sections,
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


def _accuracies(table: ComparisonTable) -> dict[str, tuple[float, float]]:
    """Return accuracy and balanced accuracy of each model."""
    common = table.common_tags
    truth = table.truth[:, common].argmax(axis=1)
    predictions = {model.name: predict_classes(model.scores[:, common]).argmax(axis=1) for model in table.models}
    return {
        name: (accuracy(predicted, truth), balanced_accuracy(predicted, truth))
        for name, predicted in predictions.items()
    }
