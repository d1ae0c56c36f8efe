"""How many clips a tag needs to be learned: ``python docs/measure_learning.py FOLDER_OF_MER4Q``.

`taggram.learn` learns the genres of mer4q that at least 50 training clips have, from 5, 10, 20 and 50 training clips of
each; the models tag the clips of the split test, whose artists are in no other split. Writes
docs/results/learn-mer4q/scores.csv, where other methods can be added as rows, and strengths.csv: probes of the same
clips by the strength of their regularisation, on the split valid.
"""

from __future__ import annotations

import csv
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

import taggram
from taggram.datasets import ClipIndex, dataset
from taggram.metrics import (
    average_precision,
    draw_counts,
    macro,
    percentile_interval,
    resample_average,
    roc_auc,
)
from taggram.tagging import Tagger
from taggram.tagging.cache import PredictionCache, predict_cached
from taggram.training.probing.probe import STRENGTHS, fit_probe

OUT = Path(__file__).parent / "results" / "learn-mer4q"
CLIPS_PER_TAG = (5, 10, 20, 50)
SEEDS = 3  # of draws of training clips for the scores
STRENGTH_SEEDS = 10
METRICS = {"roc_auc": roc_auc, "average_precision": average_precision}
WORKERS = 2


def draw_clips(labels: NDArray[np.bool_], clips_per_tag: int, seed: int) -> NDArray[np.int64]:
    """Draw clips until each tag has so many, the rarest tag first; a larger draw by the same seed has a smaller one."""
    order = np.random.default_rng(seed).permutation(len(labels))
    selection = np.zeros(len(labels), bool)
    for tag in np.argsort(labels.sum(axis=0), kind="stable"):
        with_tag = order[labels[order, tag]]
        selection[with_tag[~selection[with_tag]][: max(0, clips_per_tag - int(selection[with_tag].sum()))]] = True
    return np.flatnonzero(selection)


def measure_scores(index: ClipIndex, labels: NDArray[np.bool_], tags: list[str]) -> Iterable[dict[str, object]]:
    """Learn from training clips, and score the test clips by the models."""
    splits = np.array([clip.split for clip in index.clips])
    train, test = np.flatnonzero(splits == "train"), np.flatnonzero(splits == "test")
    artists = np.array([index.clips[clip].artist for clip in test])
    counts = draw_counts(artists, rng=np.random.default_rng(0))
    for clips_per_tag in CLIPS_PER_TAG:
        for seed in range(SEEDS):
            selection = train[draw_clips(labels[train], clips_per_tag, seed)]
            with tempfile.TemporaryDirectory() as folder:
                table = Path(folder, "clips.csv")
                with table.open("w", newline="", encoding="utf-8") as stream:
                    writer = csv.writer(stream)
                    writer.writerow(["path", "labels", "artist"])
                    for clip in selection:
                        names = ";".join(tag for tag, has in zip(tags, labels[clip], strict=True) if has)
                        writer.writerow([index.file(index.clips[clip]).resolve(), names, index.clips[clip].artist])
                model = taggram.learn(table, Path(folder, "model"), workers=WORKERS)
                tagger = Tagger(model.folder)
                results = tagger.tag_many([index.file(index.clips[clip]) for clip in test], workers=WORKERS)
                columns = [tagger.card.vocabulary.names.index(tag) for tag in tags]
                scores = np.stack([result.prediction.clip_scores()[columns] for result in results])
            for name, metric in METRICS.items():
                value = macro(metric(scores, labels[test])).mean
                interval = percentile_interval(value, resample_average(metric, scores, labels[test], counts))
                yield {
                    "method": "probe",
                    "clips_per_tag": clips_per_tag,
                    "seed": seed,
                    "metric": name,
                    **{key: f"{figure:.4f}" for key, figure in interval._asdict().items()},
                    "training_clips": len(selection),
                    "cross_validated": f"{getattr(model.cross_validation, name).value:.4f}",
                    "test_clips": len(test),
                    "tags": len(tags),
                    "taggram": taggram.__version__,
                }


def measure_strengths(index: ClipIndex, labels: NDArray[np.bool_]) -> Iterable[dict[str, object]]:
    """Fit probes of several strengths on training clips, and score the validation clips."""
    splits = np.array([clip.split for clip in index.clips])
    train, valid = np.flatnonzero(splits == "train"), np.flatnonzero(splits == "valid")
    with PredictionCache() as cache:
        results = predict_cached(Tagger(), [index.file(clip) for clip in index.clips], cache, workers=WORKERS)
        embeddings = np.stack([result.prediction.embedding for result in results])
    for clips_per_tag in CLIPS_PER_TAG:
        draws = [train[draw_clips(labels[train], clips_per_tag, seed)] for seed in range(STRENGTH_SEEDS)]
        for strength in STRENGTHS:
            probes = [fit_probe(embeddings[clips], labels[clips], strength) for clips in draws]
            scores = [probe.outputs(embeddings[valid]) for probe in probes]
            for name, metric in METRICS.items():
                values = [macro(metric(of_probe, labels[valid])).mean for of_probe in scores]
                yield {
                    "clips_per_tag": clips_per_tag,
                    "strength": f"{strength:g}",
                    "metric": name,
                    "mean": f"{np.mean(values):.4f}",
                    "deviation": f"{np.std(values, ddof=1):.4f}",
                    "draws": len(values),
                    "validation_clips": len(valid),
                    "taggram": taggram.__version__,
                }


def write(rows: Iterable[dict[str, object]], file: Path) -> None:
    """Write rows as CSV."""
    table = [*rows]
    OUT.mkdir(parents=True, exist_ok=True)
    with file.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.DictWriter(stream, list(table[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(table)


def main(folder: Path) -> None:
    """Write both tables."""
    data = dataset("mer4q")
    index, names = data.index(folder, "genres"), data.vocabulary(folder, "genres").names
    labels = np.array([[name in clip.labels for name in names] for clip in index.clips])
    train = np.array([clip.split == "train" for clip in index.clips])
    frequent = labels[train].sum(axis=0) >= max(CLIPS_PER_TAG)
    labels, tags = labels[:, frequent], [name for name, keep in zip(names, frequent, strict=True) if keep]
    write(measure_strengths(index, labels), OUT / "strengths.csv")
    write(measure_scores(index, labels, tags), OUT / "scores.csv")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
