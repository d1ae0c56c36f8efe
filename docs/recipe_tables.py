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
    """Return a section per paper, with a part per recipe."""
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
    return "\n\n".join([f"## {name}", f"{sources[0]}.", *(_recipe(each, figures) for each in experiments)])


def _recipe(experiment: Experiment, figures: Figures) -> str:
    published = experiment.published
    trainings = f"{experiment.trainings} trainings" if experiment.trainings > 1 else "one training"
    note = " ".join(published.note.split())
    source = f"Published in {published.paper}, {published.table}; {trainings}. {note}".strip()
    rows = [
        [
            number,
            cell.row,
            cell.figures,
            ", ".join(figures.get((experiment.name, cell.row), ())) or f"`{_command(experiment, number)}`",
        ]
        for number, cell in enumerate(experiment.cells, 1)
    ]
    return "\n\n".join(
        [
            f"### {experiment.name}",
            experiment.about,
            source,
            table(["row", "is", "published", "ours, or the command"], rows),
        ]
    )


def _command(experiment: Experiment, number: int) -> str:
    row = f" --row {number}" if len(experiment.cells) > 1 else ""
    return f"taggram recipes run {experiment.name}{row}"
