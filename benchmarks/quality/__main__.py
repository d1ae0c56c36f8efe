"""The command: ``python -m benchmarks.quality --model NAME``, from the root of the project."""

from __future__ import annotations

import argparse
import csv
import sys
import tempfile
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks import record
from benchmarks.measure import PROJECT
from benchmarks.quality import agreement, calibration, embedding, genre, labels
from benchmarks.quality.clips import Clips
from benchmarks.quality.comparison import Resampling, Row
from benchmarks.quality.panel import gather
from taggram import ModelCard
from taggram.errors import TaggramError
from taggram.evaluation import Interval
from taggram.models.store import find
from taggram.training import Recipe

RECIPE = PROJECT / "recipes" / "default.yaml"  # names the teachers, and their weights in the ensemble


def main() -> None:
    """Answer all questions, write them to a CSV file and print them."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.quality", description="Compare a model with others.")
    parser.add_argument("--model", required=True, help="name or folder of the model in question")
    parser.add_argument(
        "--material",
        type=Path,
        default=PROJECT.parent / "shared" / "data",
        help="folder with mer4q/ and emotify/  [default: ../shared/data]",
    )
    parser.add_argument("--mtat", type=Path, help="index_mtt.tsv  [default: metadata/mtat/ beside the material]")
    parser.add_argument("--out", type=Path, default=PROJECT / "benchmarks" / "results" / "quality.csv")
    parser.add_argument(
        "--cache",
        type=Path,
        default=Path(tempfile.gettempdir(), "taggram-benchmarks", "quality"),
        help="folder for what the models said, which takes minutes for each",
    )
    parser.add_argument("--workers", type=int, default=2, help="processes that tag")
    parser.add_argument("--resamples", type=int, default=1000, help="of each interval")
    options = parser.parse_args()

    resampling = Resampling(options.resamples)
    index = options.mtat or options.material.parent / "metadata" / "mtat" / "index_mtt.tsv"
    try:
        card = ModelCard.read(find(options.model))
        teachers = {teacher.model: teacher.weight for teacher in Recipe.read(RECIPE).distill.teachers}
        mer4q, emotify = (
            gather(options.model, teachers, Clips.read(options.material, name), options.cache, options.workers)
            for name in ("mer4q", "emotify")
        )
        rows = [
            *agreement.compare([mer4q, emotify], resampling),
            *labels.compare(mer4q, resampling),
            *embedding.compare(mer4q, resampling),
            *genre.compare(emotify, index, resampling),
            *calibration.compare(mer4q, resampling),
        ]
    except (TaggramError, OSError) as error:
        sys.exit(f"error: {error}")
    write(rows, options.out, card, resampling)
    show(rows)


def write(rows: list[Row], file: Path, card: ModelCard, resampling: Resampling) -> None:
    """Write rows as CSV, with the model, the seed, date, machine and versions."""
    facts = {
        "model": card.name,
        "model_sha256": card.files.get("model.onnx", ""),
        "resamples": resampling.resamples,
        "seed": resampling.seed,
        **record.facts(),
    }
    table = [
        {
            "question": row.question,
            "data": row.data,
            "metric": row.metric,
            "clips": row.clips,
            "tags": row.tags,
            **_spread("student", row.student),
            "other": row.other,
            **_spread("other", row.others),
            **_spread("difference", row.difference),
            "target": row.target.text if row.target else "",
            "met": {None: "", True: "yes", False: "no"}[row.met],
            **facts,
        }
        for row in rows
    ]
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.DictWriter(stream, list(table[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(table)


def show(rows: list[Row]) -> None:
    """Print rows as a table."""
    table = Table("question", "data", "metric", "n", "tags", "student", "of", "other", "difference", "target", "met")
    for row in rows:
        table.add_row(
            *(row.question, row.data, row.metric, str(row.clips), str(row.tags), _shown(row.student), row.other),
            *(_shown(row.others), _shown(row.difference), row.target.text if row.target else ""),
            {None: "", True: "[green]yes[/]", False: "[red]no[/]"}[row.met],
        )
    Console(width=None if sys.stdout.isatty() else 240).print(table)


def _spread(name: str, interval: Interval | None) -> dict[str, str]:
    columns = (f"{name}_figure", f"{name}_low", f"{name}_high")
    return dict(zip(columns, (f"{value:.4f}" for value in interval) if interval else ("", "", ""), strict=True))


def _shown(interval: Interval | None) -> str:
    return f"{interval.value:.3f} ({interval.low:.3f} to {interval.high:.3f})" if interval else ""


if __name__ == "__main__":
    main()
