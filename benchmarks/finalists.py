"""Choice of the default model: ``python -m benchmarks.finalists NAME=FOLDER ...``, from the root of the project.

The folders are those that ``taggram train`` wrote, with the recipe of the default model and other options. All values
are of validation clips, on which none was trained: test clips take no part in the choice.
"""

from __future__ import annotations

import argparse
import csv
import statistics
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import record
from benchmarks.measure import PROJECT, Loop, loops
from benchmarks.quality import DATA, LABELS, comparisons
from taggram import ModelCard, VocabularyMap
from taggram.evaluation.summary import mean_roc_auc
from taggram.evaluation.teachers.agreement import split_scores, top_decile
from taggram.evaluation.teachers.embeddings import K
from taggram.evaluation.teachers.labelled_clips import label_names
from taggram.evaluation.teachers.labels import LabelScores
from taggram.evaluation.teachers.teacher_comparison import TeacherComparison
from taggram.metrics import macro, neighbour_precision, spearman
from taggram.models.directories import ONNX_FILE

COLUMNS = (
    *("finalist", "options", "quantized", "onnx_mb", "spearman", "top_decile_roc_auc", "label_roc_auc", "labels"),
    *("precision_at_10", "clips", "x_real_time", "trained"),
)


def main() -> None:
    """Measure the finalists, and write a row for each."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.finalists", description="Compare trained networks.")
    parser.add_argument("finalists", nargs="+", metavar="NAME=FOLDER")
    parser.add_argument("--data", type=Path, default=DATA)
    parser.add_argument("--cache", type=Path, help="prediction cache  [default: the one in taggram's data folder]")
    parser.add_argument("--out", type=Path, default=PROJECT / "benchmarks" / "results" / "finalists.csv")
    parser.add_argument("--rounds", type=int, default=5, help="how often speed is measured")
    options = parser.parse_args()

    folders = dict(finalist.split("=", 1) for finalist in options.finalists)
    rows = []
    for name, folder in folders.items():
        values = metrics(comparisons(folder, options.data, options.cache, workers=2))
        rows.append({"finalist": name, **_model(Path(folder)), **values})
        print(rows[-1], file=sys.stderr)
    seconds = loops(
        {name: Loop("loops", "score", folder, one_core=True) for name, folder in folders.items()}, options.rounds
    )
    facts = record.facts()
    with options.out.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.DictWriter(stream, [*COLUMNS, *facts], lineterminator="\n")
        writer.writeheader()
        for row in rows:
            writer.writerow({**row, "x_real_time": round(30 / statistics.median(seconds[row["finalist"]])), **facts})


def metrics(data: Sequence[TeacherComparison]) -> dict[str, Any]:
    """Compare a student with the ensemble on the validation clips of all sets, and with the labels of the first."""
    student, teachers = split_scores(data, "valid")
    labels = LabelScores.from_comparison(data[0], VocabularyMap.read(LABELS), "valid")
    clips, valid = data[0].clips, data[0].clips.in_splits("valid")
    genres = clips.label_matrix(label_names(clips.genres))[valid]
    precisions = neighbour_precision(data[0].student.embeddings[valid], genres, clips.artists[valid], K)
    return {
        "spearman": round(macro(spearman(student, teachers)).mean, 4),
        "top_decile_roc_auc": round(mean_roc_auc(student, top_decile(teachers)), 4),
        "label_roc_auc": round(mean_roc_auc(labels.student, labels.truth), 4),
        "labels": len(labels.names),
        "precision_at_10": round(float(np.nanmean(precisions)), 4),
        "clips": len(student),
    }


def _model(folder: Path) -> dict[str, Any]:
    card = ModelCard.read(folder)
    return {
        "options": card.options,
        "quantized": card.quantized,
        "onnx_mb": round((folder / ONNX_FILE).stat().st_size / 1e6, 2),
        "trained": card.scores[0].source,
    }


if __name__ == "__main__":
    main()
