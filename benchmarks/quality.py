"""Quality of a model against its teachers: ``python -m benchmarks.quality --model NAME``, from the root of the project.

A student, such as the default model, is compared with its teachers, the published models, and with their ensemble, on
labelled clips outside the repository; ``docs/quality.md`` has the protocol, `taggram.evaluation` the code.
"""

from __future__ import annotations

import argparse
import csv
import sys
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks import record
from benchmarks.measure import PROJECT
from taggram import ModelCard, VocabularyMap
from taggram._progress import progress
from taggram.datasets import dataset
from taggram.errors import TaggramError
from taggram.evaluation.teachers.labelled_clips import LabelledClips
from taggram.evaluation.teachers.quality import compare_with_teachers
from taggram.evaluation.teachers.results import ComparisonResult, Resampling
from taggram.evaluation.teachers.teacher_comparison import TeacherComparison
from taggram.metrics import Interval
from taggram.models.directories import find_model
from taggram.tagging.cache import PredictionCache
from taggram.training import Recipe

RECIPE = PROJECT / "recipes" / "default.yaml"  # names the teachers, and their weights in the ensemble
LABELS = PROJECT / "recipes" / "default-labels.tsv"  # from labels of mer4q and Emotify to taggram's tags
DATA = PROJECT.parent / "shared" / "data"


def main() -> None:
    """Run all comparisons, write them to a CSV file and print them."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.quality", description="Compare a model with others.")
    parser.add_argument("--model", required=True, help="name or folder of the model to evaluate")
    parser.add_argument(
        "--data", type=Path, default=DATA, help="folder with mer4q/ and emotify/  [default: ../shared/data]"
    )
    parser.add_argument(
        "--mtat", type=Path, help="folder with MagnaTagATune's files  [default: metadata/mtat/ beside that folder]"
    )
    parser.add_argument("--out", type=Path, default=PROJECT / "benchmarks" / "results" / "quality.csv")
    parser.add_argument("--cache", type=Path, help="prediction cache  [default: the one in taggram's data folder]")
    parser.add_argument("--workers", type=int, default=2, help="processes that tag")
    parser.add_argument("--resamples", type=int, default=1000, help="of each interval")
    options = parser.parse_args()

    resampling = Resampling(options.resamples)
    try:
        card = ModelCard.read(find_model(options.model))
        mer4q, emotify = comparisons(options.model, options.data, options.cache, options.workers)
        results = compare_with_teachers(
            mer4q,
            emotify,
            label_map=VocabularyMap.read(LABELS),
            mtat=dataset("mtat").index(options.mtat or options.data.parent / "metadata" / "mtat"),
            resampling=resampling,
        )
    except (TaggramError, OSError) as error:
        sys.exit(f"error: {error}")
    write(results, options.out, card, resampling)
    show(results)


def comparisons(
    model: str, material: Path, cache: Path | None, workers: int
) -> tuple[TeacherComparison, TeacherComparison]:
    """Tag the clips of mer4q and Emotify with a model and the teachers of the default model."""
    teachers = {teacher.model: teacher.weight for teacher in Recipe.read(RECIPE).distill.teachers}
    with PredictionCache(cache) as predictions:
        mer4q, emotify = (
            TeacherComparison.from_models(
                model,
                teachers,
                LabelledClips.from_dataset(name, material / name),
                predictions,
                workers=workers,
                progress=progress,
            )
            for name in ("mer4q", "emotify")
        )
    return mer4q, emotify


def write(results: list[ComparisonResult], file: Path, card: ModelCard, resampling: Resampling) -> None:
    """Write results as CSV, with the model, the seed, date, machine and versions."""
    facts = {
        "model": card.name,
        "model_sha256": card.files.get("model.onnx", ""),
        "resamples": resampling.resamples,
        "seed": resampling.seed,
        **record.facts(),
    }
    table = [
        {
            "question": result.question,
            "data": result.data,
            "metric": result.metric,
            "clips": result.clips,
            "tags": result.tags,
            **_columns("student", result.student),
            "other": result.reference,
            **_columns("other", result.reference_value),
            **_columns("difference", result.difference),
            "target": result.target.text if result.target else "",
            "met": {None: "", True: "yes", False: "no"}[result.met],
            **facts,
        }
        for result in results
    ]
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.DictWriter(stream, list(table[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(table)


def show(results: list[ComparisonResult]) -> None:
    """Print results as a table."""
    table = Table("question", "data", "metric", "n", "tags", "student", "of", "other", "difference", "target", "met")
    for result in results:
        table.add_row(
            *(result.question, result.data, result.metric, str(result.clips), str(result.tags)),
            *(_text(result.student), result.reference, _text(result.reference_value), _text(result.difference)),
            result.target.text if result.target else "",
            {None: "", True: "[green]yes[/]", False: "[red]no[/]"}[result.met],
        )
    Console(width=None if sys.stdout.isatty() else 240).print(table)


def _columns(name: str, interval: Interval | None) -> dict[str, str]:
    columns = (f"{name}_figure", f"{name}_low", f"{name}_high")
    return dict(zip(columns, (f"{value:.4f}" for value in interval) if interval else ("", "", ""), strict=True))


def _text(interval: Interval | None) -> str:
    return f"{interval.value:.3f} ({interval.low:.3f} to {interval.high:.3f})" if interval else ""


if __name__ == "__main__":
    main()
