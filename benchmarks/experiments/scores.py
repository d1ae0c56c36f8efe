"""Trainings of experiments, and the scores of their test clips with intervals."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

import taggram
from taggram.datasets import ClipIndex, PackedStore, pack
from taggram.metrics import Interval, draw_counts, percentile_interval
from taggram.training import Recipe
from taggram.training.split_scores import SplitScores, score_split

RESAMPLES = 1000
Row = dict[str, Any]
Metric = Callable[..., NDArray[np.float64]]


@dataclass(frozen=True)
class Scored:
    """A trained model with its scores of the test clips.

    Attributes
    ----------
    test
        Scores and labels.
    groups : (clips,) str
        What is resampled: artists or recordings.
    tags
        Of the model.
    metrics
        Of the kept epoch.
    seconds
        Of all epochs.
    """

    test: SplitScores
    groups: NDArray[Any]
    tags: tuple[str, ...]
    metrics: Mapping[str, float]
    seconds: float

    def interval(self, metric: Callable[[NDArray[Any] | None], Any]) -> Interval:
        """Return a value with a 95 % interval over resampled groups.

        Parameters
        ----------
        metric
            Returns the value of all clips, or of resamples, from the counts of `taggram.metrics.draw_counts`.
        """
        counts = draw_counts(self.groups, rng=np.random.default_rng(0), resamples=RESAMPLES)
        return percentile_interval(float(metric(None)), metric(counts))

    def mean_of_clips(self, values: NDArray[Any]) -> Interval:
        """Return the mean of values (clips,)."""

        def mean(counts: NDArray[Any] | None) -> Any:
            weights = np.ones((1, len(values))) if counts is None else counts
            return (weights @ values / weights.sum(1)).squeeze()

        return self.interval(mean)

    def right(self, tags: Iterable[str]) -> NDArray[np.float64]:
        """Return 1 for each clip whose highest score among the tags of a head is that of its label, else 0."""
        columns = [self.tags.index(tag) for tag in tags]
        labels, scores = self.test.labels[:, columns], self.test.scores[:, columns]
        return labels[np.arange(len(labels)), scores.argmax(1)].astype(float)

    def mean(self, metric: Metric) -> Interval:
        """Return the mean over tags of a metric such as `taggram.metrics.roc_auc`."""
        return mean_of_runs([self], metric)

    def difference(self, other: Scored, metric: Metric) -> Interval:
        """Return this mean less that of another model, on the same clips and resamples."""
        return self.interval(lambda counts: self._mean(metric, counts) - other._mean(metric, counts))

    def _mean(self, metric: Metric, counts: NDArray[Any] | None) -> Any:
        arguments = () if counts is None else (counts,)
        return np.nanmean(metric(self.test.scores, self.test.labels, *arguments), axis=-1)


def mean_of_runs(runs: Sequence[Scored], metric: Metric) -> Interval:
    """Return the mean of a metric over tags and over runs, which have the same test clips."""
    return runs[0].interval(lambda counts: np.mean([run._mean(metric, counts) for run in runs], axis=0))


def pack_clips(index: ClipIndex, folder: Path, rate: int) -> None:
    """Pack clips that are not packed yet."""
    print(f"{folder}: {pack(index, folder, sample_rate=rate)}")


def train_and_score(recipe: Recipe, folder: Path, threads: int, device: str = "cpu") -> Scored:
    """Train, or resume, and score the test split, which nothing was chosen by."""
    result = taggram.train(
        recipe, folder, device=device, threads=threads, report=lambda line: print(f"{folder}: {line}")
    )
    store = PackedStore(result_store(folder))
    test = score_split(folder, store, "test", threads=threads)
    seconds = 0.0
    if (folder / "history.csv").exists():
        with (folder / "history.csv").open(encoding="utf-8") as stream:
            seconds = sum(float(row["seconds"]) for row in csv.DictReader(stream))
    return Scored(test, groups_of(store, test.clips), result.card.vocabulary.names, result.metrics, seconds)


def groups_of(store: PackedStore, clips: NDArray[np.int64]) -> NDArray[Any]:
    """Return the artist or recording of each clip; the clip itself where neither is known."""
    known = zip(store.clips.groups[clips], store.clips.ids[clips], strict=True)
    return np.array([group or own for group, own in known], str)


def result_store(folder: Path) -> str:
    """Return the store of a trained model."""
    return Recipe.read(folder / "recipe.yaml").data.store


def slug(name: str) -> str:
    """Return a name as part of a file name, such as ``fcn-5`` for ``FCN-5``."""
    return re.sub(r"[^a-z0-9_]+", "-", name.lower())


def show(value: Interval) -> dict[str, str]:
    """Return the columns of a value with its interval."""
    return {"value": f"{value.value:.4f}", "low": f"{value.low:.4f}", "high": f"{value.high:.4f}"}


def write(rows: list[Row], file: Path) -> None:
    """Write rows as CSV, and print them."""
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("w", newline="", encoding="utf-8") as stream:
        table = csv.DictWriter(stream, rows[0], lineterminator="\n")
        table.writeheader()
        table.writerows(rows)
    for row in rows:
        print(json.dumps(row))
