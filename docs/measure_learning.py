"""How many clips a tag needs to be learned: ``python docs/measure_learning.py FOLDER_OF_MER4Q WORK``.

The genres of mer4q that at least 50 training clips have, learned from 5, 10, 20 and 50 training clips of each: by
`taggram.learn`, by fine-tuning the published MusiCNN, which has to be installed, and by training the default's
architecture from scratch. The models tag the clips of the split test, whose artists are in no other split. Writes
docs/results/learn-mer4q/scores.csv, and strengths.csv: probes of the same clips by the strength of their
regularisation, on the split valid. Trainings are kept in WORK, where an interrupted run goes on.
"""

from __future__ import annotations

import csv
import sys
from collections.abc import Iterable
from functools import partial
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

import taggram
from taggram.datasets import ClipIndex, dataset, pack
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
from taggram.training import LearnResult, Recipe, TrainResult
from taggram.training.probing.probe import STRENGTHS, fit_probe

OUT = Path(__file__).parent / "results" / "learn-mer4q"
CLIPS_PER_TAG = (5, 10, 20, 50)
DRAWS = 3  # of training clips for a probe
STRENGTH_DRAWS = 10
METRICS = {"roc_auc": roc_auc, "average_precision": average_precision}
WORKERS = 2
RATES = (1e-4, 1e-3)
BATCH_SIZE, SEGMENTS = 16, 4  # segments per clip and epoch


class Training(NamedTuple):
    """How a network is trained: for a number of steps that does not depend on the number of clips."""

    model: dict[str, str]
    steps: int
    draws: int  # of training clips; MusiCNN is slow


TRAININGS = {
    "fine-tuned": Training({"architecture": "musicnn", "init": "musicnn.mtat-won2020"}, steps=50, draws=1),
    "from scratch": Training({"architecture": "small_vgg"}, steps=200, draws=3),
}


def draw_clips(labels: NDArray[np.bool_], clips_per_tag: int, seed: int) -> NDArray[np.int64]:
    """Draw clips until each tag has so many, the rarest tag first; a larger draw by the same seed has a smaller one."""
    order = np.random.default_rng(seed).permutation(len(labels))
    selection = np.zeros(len(labels), bool)
    for tag in np.argsort(labels.sum(axis=0), kind="stable"):
        with_tag = order[labels[order, tag]]
        selection[with_tag[~selection[with_tag]][: max(0, clips_per_tag - int(selection[with_tag].sum()))]] = True
    return np.flatnonzero(selection)


def learn_probe(index: ClipIndex, clips: NDArray[np.int64], tags: list[str], folder: Path) -> LearnResult:
    """Learn a probe from clips."""
    folder.mkdir(parents=True, exist_ok=True)
    table = folder / "clips.csv"
    with table.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream)
        writer.writerow(["path", "labels", "artist"])
        for clip in (index.clips[number] for number in clips):
            names = ";".join(tag for tag in tags if tag in clip.labels)
            writer.writerow([index.file(clip).resolve(), names, clip.artist])
    return taggram.learn(table, folder / "model", workers=WORKERS)


def train_network(
    index: ClipIndex, clips: NDArray[np.int64], tags: list[str], folder: Path, training: Training, rate: float
) -> TrainResult:
    """Train a network on clips; the weights are the last ones."""
    shown = [number for number, clip in enumerate(index.clips) if clip.split == "valid"]
    some = ClipIndex(index.folder, tuple(index.clips[number] for number in sorted([*clips, *shown])))
    pack(some, folder / "store", sample_rate=16000, workers=WORKERS)
    recipe = Recipe(
        name=f"{training.model['architecture']}.mer4q",
        data={
            "store": str(folder / "store"),
            "vocabulary": tags,
            "segments_per_clip": SEGMENTS,
            "validation_segments": 1,
        },
        model=training.model,
        optim={
            "epochs": round(training.steps * BATCH_SIZE / (len(clips) * SEGMENTS)),
            "batch_size": BATCH_SIZE,
            "keep": "last",
            "optimizer": {"kind": "adam", "lr": rate},
        },
    )
    return taggram.train(recipe, folder / "model", device="cpu", threads=1, report=print)


def choose_rate(index: ClipIndex, labels: NDArray[np.bool_], tags: list[str], training: Training, work: Path) -> float:
    """Choose a learning rate by the validation clips, from 20 training clips per tag."""
    train = np.flatnonzero([clip.split == "train" for clip in index.clips])
    clips = train[draw_clips(labels[train], 20, 0)]

    def quality(rate: float) -> float:
        folder = work / f"{training.model['architecture']} {rate}"
        return train_network(index, clips, tags, folder, training, rate).metrics["roc_auc"]

    return max(RATES, key=quality)


def measure_scores(
    index: ClipIndex, labels: NDArray[np.bool_], tags: list[str], work: Path
) -> Iterable[dict[str, object]]:
    """Learn from training clips, and score the test clips by the models."""
    splits = np.array([clip.split for clip in index.clips])
    train, test = np.flatnonzero(splits == "train"), np.flatnonzero(splits == "test")
    artists = np.array([index.clips[clip].artist for clip in test])
    counts = draw_counts(artists, rng=np.random.default_rng(0))
    methods, rates, draws = {"probe": learn_probe}, {}, {"probe": DRAWS}
    for method, training in TRAININGS.items():
        rates[method] = choose_rate(index, labels, tags, training, work)
        methods[method] = partial(train_network, training=training, rate=rates[method])
        draws[method] = training.draws
    runs = [(method, count, seed) for method in methods for count in CLIPS_PER_TAG for seed in range(draws[method])]
    for method, clips_per_tag, seed in runs:
        selection = train[draw_clips(labels[train], clips_per_tag, seed)]
        model = methods[method](index, selection, tags, work / f"{method} {clips_per_tag} {seed}")
        tagger = Tagger(model.folder)
        results = tagger.tag_many([index.file(index.clips[clip]) for clip in test], workers=WORKERS)
        columns = [tagger.card.vocabulary.names.index(tag) for tag in tags]
        scores = np.stack([result.prediction.clip_scores()[columns] for result in results])
        for name, metric in METRICS.items():
            value = macro(metric(scores, labels[test])).mean
            interval = percentile_interval(value, resample_average(metric, scores, labels[test], counts))
            cross_validation = getattr(model, "cross_validation", None)
            yield {
                "method": method,
                "clips_per_tag": clips_per_tag,
                "seed": seed,
                "metric": name,
                **{key: f"{figure:.4f}" for key, figure in interval._asdict().items()},
                "training_clips": len(selection),
                "learning_rate": rates.get(method, ""),
                "cross_validated": f"{getattr(cross_validation, name).value:.4f}" if cross_validation else "",
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
        draws = [train[draw_clips(labels[train], clips_per_tag, seed)] for seed in range(STRENGTH_DRAWS)]
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
    """Write rows as CSV, each as soon as it is known."""
    OUT.mkdir(parents=True, exist_ok=True)
    with file.open("w", newline="", encoding="utf-8", buffering=1) as stream:
        for number, row in enumerate(rows):
            writer = csv.DictWriter(stream, list(row), lineterminator="\n")
            if number == 0:
                writer.writeheader()
            writer.writerow(row)


def main(folder: Path, work: Path) -> None:
    """Write both tables."""
    data = dataset("mer4q")
    index, names = data.index(folder, "genres"), data.vocabulary(folder, "genres").names
    labels = np.array([[name in clip.labels for name in names] for clip in index.clips])
    train = np.array([clip.split == "train" for clip in index.clips])
    frequent = labels[train].sum(axis=0) >= max(CLIPS_PER_TAG)
    labels, tags = labels[:, frequent], [name for name, keep in zip(names, frequent, strict=True) if keep]
    write(measure_strengths(index, labels), OUT / "strengths.csv")
    write(measure_scores(index, labels, tags, work), OUT / "scores.csv")


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))
