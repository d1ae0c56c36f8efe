"""Which trained network becomes the default one: ``python -m benchmarks.finalists NAME=FOLDER ...``, from the root.

The folders are those that ``taggram train`` wrote, with the recipe of the default model and other options. All figures
are of validation clips, which trained none of them: the choice is made before anybody looks at test clips.
"""

from __future__ import annotations

import argparse
import csv
import statistics
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import record
from benchmarks.measure import PROJECT, Loop, loops
from benchmarks.quality.agreement import said, top
from benchmarks.quality.clips import Clips, names
from benchmarks.quality.comparison import mean_auc
from benchmarks.quality.embedding import K
from benchmarks.quality.labels import Labelled
from benchmarks.quality.panel import Panel, gather
from taggram import ModelCard
from taggram.evaluation import macro, precision_at_k, spearman
from taggram.models.store import ONNX_FILE
from taggram.training import Recipe

COLUMNS = (
    *("finalist", "options", "quantised", "onnx_mb", "spearman", "top_decile_roc_auc", "label_roc_auc", "labels"),
    *("precision_at_10", "clips", "x_real_time", "trained"),
)


def main() -> None:
    """Measure the finalists, and write a row for each."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.finalists", description="Compare trained networks.")
    parser.add_argument("finalists", nargs="+", metavar="NAME=FOLDER")
    parser.add_argument("--material", type=Path, default=PROJECT.parent / "shared" / "data")
    parser.add_argument("--cache", type=Path, default=Path(tempfile.gettempdir(), "taggram-benchmarks", "quality"))
    parser.add_argument("--out", type=Path, default=PROJECT / "benchmarks" / "results" / "finalists.csv")
    parser.add_argument("--rounds", type=int, default=5, help="how often speed is measured")
    options = parser.parse_args()

    folders = dict(finalist.split("=", 1) for finalist in options.finalists)
    teachers = {t.model: t.weight for t in Recipe.read(PROJECT / "recipes" / "default.yaml").distill.teachers}
    rows = []
    for name, folder in folders.items():
        panels = [
            gather(folder, teachers, Clips.read(options.material, data), options.cache, 2)
            for data in ("mer4q", "emotify")
        ]
        rows.append({"finalist": name, **_facts(Path(folder)), **figures(panels)})
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


def figures(panels: list[Panel]) -> dict[str, Any]:
    """Compare a student with the ensemble on the validation clips of both sets, and with the labels of the first."""
    student, teachers = said(panels, "valid")
    labelled = Labelled.of(panels[0], "valid")
    clips, valid = panels[0].clips, panels[0].clips.in_splits("valid")
    truth = clips.has(names(clips.genres))[valid]
    near = precision_at_k(panels[0].student.embeddings[valid], truth, clips.artists[valid], K)
    return {
        "spearman": round(macro(spearman(student, teachers)).mean, 4),
        "top_decile_roc_auc": round(mean_auc(student, top(teachers)), 4),
        "label_roc_auc": round(mean_auc(labelled.student, labelled.truth), 4),
        "labels": len(labelled.names),
        "precision_at_10": round(float(np.nanmean(near)), 4),
        "clips": len(student),
    }


def _facts(folder: Path) -> dict[str, Any]:
    card = ModelCard.read(folder)
    return {
        "options": card.options,
        "quantised": card.quantised,
        "onnx_mb": round((folder / ONNX_FILE).stat().st_size / 1e6, 2),
        "trained": card.scores[0].source,
    }


if __name__ == "__main__":
    main()
