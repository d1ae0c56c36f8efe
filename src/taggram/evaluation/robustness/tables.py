"""Tables of the robustness of models."""

from __future__ import annotations

import math
from collections.abc import Iterator

from taggram.evaluation.comparison.tables import Cell, Table
from taggram.evaluation.robustness.build_table import METRICS
from taggram.evaluation.robustness.robustness_table import RobustnessTable
from taggram.evaluation.robustness.summary import Robustness
from taggram.metrics import Interval

__all__ = ["file_prefix", "model_table", "robustness_tables"]


def robustness_tables(robustness: Robustness) -> Iterator[Table]:
    """Yield all tables; names of files begin with the protocol and the mode."""
    for table in robustness.tables:
        for make in (model_table, _conditions, _tags, _categories):
            made = make(table)
            if made.rows:
                yield made


def file_prefix(table: RobustnessTable) -> str:
    """Return what the names of a table's files begin with."""
    return f"{table.protocol.name}-{table.mode}-robustness"


def model_table(table: RobustnessTable) -> Table:
    """Return a row per model: the robustness, that of each deformation, and the metrics of the clips as they are."""
    columns = {"model": "model", "robustness": table.title}
    columns |= {name: name for name in table.deformation_names}
    if table.has_labels:
        columns |= {"own_tags": f"{table.title} of all its tags", "own_tags_number": "tags"}
        columns |= {metric: f"{METRICS[metric].title}, not deformed" for metric in METRICS}
    columns |= {"clips": "clips", "groups": "artists or recordings"}
    rows = []
    for model in table.models:
        cells: list[Cell] = [model.name, model.robustness, *model.by_deformation.values()]
        if table.has_labels:
            cells += [model.own_tags, model.own_tags_number, *model.clean.values()]
        rows.append((*cells, table.clips, table.groups))
    return Table(file_prefix(table), f"Robustness of models: {table.title}", columns, rows)


def _conditions(table: RobustnessTable) -> Table:
    columns = {"model": "model", "deformation": "deformation", "strength": "strength", "score": table.title}
    if table.has_labels:
        for name, metric in METRICS.items():
            columns |= {name: metric.title, f"{name}_change": f"change of {metric.title}"}
    rows: list[tuple[Cell, ...]] = [
        (
            model.name,
            condition.deformation.name,
            condition.deformation.strength,
            condition.score,
            *(interval for drop in condition.drops.values() for interval in (drop.value, drop.change)),
        )
        for model in table.models
        for condition in model.conditions
    ]
    return Table(f"{file_prefix(table)}-strengths", "Each deformation at each strength", columns, rows)


def _tags(table: RobustnessTable) -> Table:
    columns = {
        "metric": "metric",
        "model": "model",
        "deformation": "deformation",
        "strength": "strength",
        "tag": "tag",
        "n_pos": "clips with the tag",
        "value": "value, not deformed",
        "change": "change",
        "tag_changed": "the deformation may make the tag wrong",
    }
    rows: list[tuple[Cell, ...]] = [
        (
            metric,
            model.name,
            condition.deformation.name,
            condition.deformation.strength,
            tag,
            int(table.n_pos[i]),
            float(model.clean_tags[metric][i]),
            Interval(*drop.tags[i].tolist()),
            "yes" if condition.deformation.changes_tag(tag) else "no",
        )
        for model in table.models
        for condition in model.conditions
        for metric, drop in condition.drops.items()
        for i, tag in enumerate(table.tags)
        if not math.isnan(drop.tags[i, 0])
    ]
    return Table(f"{file_prefix(table)}-tags", "Change of each tag under each deformation", columns, rows)


def _categories(table: RobustnessTable) -> Table:
    columns = {"metric": "metric", "model": "model", "deformation": "deformation", "strength": "strength"}
    columns |= {"category": "category", "change": "change"}
    rows: list[tuple[Cell, ...]] = [
        (metric, model.name, condition.deformation.name, condition.deformation.strength, category, change)
        for model in table.models
        for condition in model.conditions
        for metric, drop in condition.drops.items()
        for category, change in drop.categories.items()
        if not math.isnan(change.value)
    ]
    title = "Change of each category of tags that all models have, under each deformation"
    return Table(f"{file_prefix(table)}-categories", title, columns, rows)
