"""Write the tables of the recipes: the rows of each paper, with its figures beside ours."""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path

from md_table import table

from taggram.evaluation.experiments import Experiment, list_experiments

MEASURED = Path(__file__).resolve().parent / "results" / "recipes.csv"

# Figures by recipe and row: "ROC-AUC 0.8865 ± 0.0023".
Figures = Mapping[tuple[str, str], Sequence[str]]


def recipe_tables() -> str:
    """Return a section per paper."""
    papers = defaultdict(list)
    for experiment in list_experiments():
        papers[experiment.name.partition("/")[0]].append(experiment)
    figures = measured(MEASURED)
    return "\n\n".join(_paper(name, experiments, figures) for name, experiments in papers.items())


def measured(file: Path) -> Figures:
    """Read what was measured here: columns recipe, row, metric, value, std, of which the last may be empty."""
    figures = defaultdict[tuple[str, str], list[str]](list)
    if file.exists():
        with file.open(newline="", encoding="utf-8") as text:
            for line in csv.DictReader(text):
                deviation = f" ± {line['std']}" if line["std"] else ""
                figures[line["recipe"], line["row"]].append(f"{line['metric']} {line['value']}{deviation}")
    return figures


def _paper(name: str, experiments: list[Experiment], figures: Figures) -> str:
    sources = [result.source for each in experiments for cell in each.cells for result in cell.results]
    recipes = [
        [
            f"`{each.name}`",
            each.about,
            f"{each.published.paper}, {each.published.table}",
            each.trainings,
            " ".join(each.published.note.split()),
        ]
        for each in experiments
    ]
    rows = [
        [
            f"`{each.name}`",
            number,
            cell.row,
            cell.figures,
            ", ".join(figures.get((each.name, cell.row), ())) or f"`{_command(each, number)}`",
        ]
        for each in experiments
        for number, cell in enumerate(each.cells, 1)
    ]
    return "\n\n".join(
        [
            f"## {name}",
            f"{sources[0]}.",
            table(["recipe", "is", "published in", "trainings", "note"], recipes),
            table(["recipe", "row", "is", "published", "ours, or the command"], rows),
        ]
    )


def _command(experiment: Experiment, number: int) -> str:
    row = f" --row {number}" if len(experiment.cells) > 1 else ""
    return f"taggram recipes run {experiment.name}{row}"
