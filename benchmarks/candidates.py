"""Choice of the default architecture: ``python -m benchmarks.candidates``, from the root of the project.

Each candidate is the recipe of the default model with other options and fewer epochs, on the same store and teachers.
All values are of the validation split: test clips take no part in the choice.
"""

from __future__ import annotations

import argparse
import csv
import statistics
import sys
import tempfile
from pathlib import Path
from typing import Any

from benchmarks import record
from benchmarks.measure import PROJECT, Loop, loops
from taggram.training import Recipe, prepare_cpu

CANDIDATES: dict[str, dict[str, Any]] = {
    "24 to 192 channels": {},
    "16 to 192 channels": {"channels": [16, 32, 64, 128, 192]},
    "32 to 224 channels": {"channels": [32, 64, 128, 192, 224]},
    "24 to 192 channels, 48 mel bands": {"n_mels": 48},
    "16 to 192 channels, hop 256": {"channels": [16, 32, 64, 128, 192], "hop": 256},
    "48 to 384 channels, separable": {"channels": [48, 96, 192, 256, 384], "separable": True},
}
COLUMNS = (
    *("candidate", "parameters", "mmac_per_second", "spearman", "top_decile_roc_auc", "label_roc_auc", "labels"),
    *("clips", "x_real_time", "onnx_mb", "epochs", "seed", "training_minutes"),
)


def main() -> None:
    """Train and measure the candidates, and write a row for each."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.candidates", description="Compare networks.")
    parser.add_argument("--recipe", type=Path, default=PROJECT / "recipes" / "default.yaml")
    parser.add_argument("--epochs", type=int, default=4)
    parser.add_argument("--only", choices=CANDIDATES, action="append", help="a candidate; may be given several times")
    parser.add_argument("--out", type=Path, default=PROJECT / "benchmarks" / "results" / "candidates.csv")
    parser.add_argument("--rounds", type=int, default=5, help="how often speed is measured")
    parser.add_argument(
        "--runs", type=Path, default=Path(tempfile.gettempdir(), "taggram-benchmarks", "candidates"), help="for models"
    )
    options = parser.parse_args()

    prepare_cpu()
    recipe = Recipe.read(options.recipe)
    rows = []
    for name in options.only or CANDIDATES:
        changed = recipe.replace(model={"options": CANDIDATES[name]}, optim={"epochs": options.epochs})
        rows.append({"candidate": name, **_measure(changed, options.runs / name)})
        print(rows[-1], file=sys.stderr)
    scoring = {
        row["candidate"]: Loop("loops", "score", str(options.runs / row["candidate"]), one_core=True) for row in rows
    }
    seconds = loops(scoring, options.rounds)
    with options.out.open("w", newline="", encoding="utf-8") as stream:
        facts = record.facts()
        writer = csv.DictWriter(stream, [*COLUMNS, *facts], lineterminator="\n")
        writer.writeheader()
        for row in rows:
            speed = round(60 / statistics.median(seconds[row["candidate"]]))
            writer.writerow({**row, "x_real_time": speed, **facts})


def _measure(recipe: Recipe, folder: Path) -> dict[str, Any]:
    import numpy as np
    import torch
    from torch.utils.flop_counter import FlopCounterMode

    from taggram import Tagger, VocabularyMap
    from taggram.datasets import PackedStore
    from taggram.evaluation.summary import mean_roc_auc
    from taggram.evaluation.teachers.agreement import top_decile
    from taggram.metrics import macro, roc_auc, spearman
    from taggram.models.directories import ONNX_FILE
    from taggram.training.distillation.plan import with_teachers
    from taggram.training.loop.devices import Devices
    from taggram.training.loop.fit import fit
    from taggram.training.loop.history import FILE_NAME
    from taggram.training.plan import make_plan

    store = PackedStore(recipe.data.store)
    plan = with_teachers(make_plan(recipe, store), workers=2)
    fit(plan, folder, Devices("cpu"))  # resumes from its checkpoint, if there is one
    with (folder / FILE_NAME).open(encoding="utf-8") as stream:
        seconds = sum(float(row["seconds"]) for row in csv.DictReader(stream))

    clips = plan.valid.clips.tolist()
    tagger = Tagger(folder)
    scores = np.stack([tagger.tag(store.read(clip), sample_rate=store.sample_rate).clip_scores() for clip in clips])

    teachers = plan.valid.targets.probabilities(np.arange(len(clips)))
    labels = VocabularyMap.read(recipe.distill.label_map).inverse()
    names = labels.target.names
    columns = [i for i, name in enumerate(names) if labels.sources[name] and name.startswith("mer4q/")]
    rows = [i for i, clip in enumerate(clips) if store.clips[clip].id.startswith("mer4q/")]
    truth = np.array([[names[i] in store.clips[clips[row]].labels for i in columns] for row in rows], bool)
    label_roc_auc = macro(roc_auc(labels.scores(scores[rows])[:, columns], truth))
    network = plan.build_network().eval()
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        network.embed(network.features(torch.zeros(1, network.segments.samples)))
    return {
        "parameters": sum(parameter.numel() for parameter in network.parameters()),
        "mmac_per_second": round(counter.get_total_flops() / 2e6 / (network.segments.samples / 16000), 2),
        "spearman": round(macro(spearman(scores, teachers)).mean, 4),
        "top_decile_roc_auc": round(mean_roc_auc(scores, top_decile(teachers)), 4),
        "label_roc_auc": round(label_roc_auc.mean, 4),
        "labels": label_roc_auc.tags,
        "clips": len(clips),
        "onnx_mb": round((folder / ONNX_FILE).stat().st_size / 1e6, 2),
        "epochs": recipe.optim.epochs,
        "seed": recipe.seed,
        "training_minutes": round(seconds / 60, 1),
    }


if __name__ == "__main__":
    main()
