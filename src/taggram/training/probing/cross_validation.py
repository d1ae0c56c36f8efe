"""What a cross-validation shows: metrics of each tag, and which tags are taken for which."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from taggram._text import counted
from taggram.metrics import (
    Interval,
    TagMetric,
    average_precision,
    confusion_matrix,
    draw_counts,
    macro,
    percentile_interval,
    resample_average,
    roc_auc,
)
from taggram.training.probing.examples import Examples
from taggram.training.probing.folds import FOLDS

__all__ = ["CrossValidation", "LearnedTag"]

FEW = 12  # clips of a tag; docs/guide/learn.md has a measurement of how much more clips help
CONFUSED = 0.25  # least share of a tag's clips whose highest tag is one certain other tag
RESAMPLES = 1000  # of the artists, for intervals

TAGS_FILE, CONFUSION_FILE = "tags.csv", "confusion.csv"


class LearnedTag(NamedTuple):
    """A tag, and the metrics of its cross-validated scores.

    Attributes
    ----------
    name
        The tag.
    clips, artists
        Number of clips with it, and of their artists; a clip of an unknown artist has one of its own.
    roc_auc, average_precision
        Each with its 95 % interval over artists.
    confused_with
        Another tag that is the highest one of at least `CONFUSED` of its clips, and of two; empty without.
    confused_clips
        Number of those clips; 0 without.
    """

    name: str
    clips: int
    artists: int
    roc_auc: Interval
    average_precision: Interval
    confused_with: str
    confused_clips: int

    @property
    def few(self) -> bool:
        """Whether it has fewer than `FEW` clips."""
        return self.clips < FEW


@dataclass(frozen=True, eq=False)
class CrossValidation:
    """Metrics of cross-validated scores.

    Attributes
    ----------
    protocol
        Number of folds, and what is never in two of them.
    clips
        Number of clips.
    tags
        The tags, the most frequent first.
    roc_auc, average_precision
        Means over tags, each with its 95 % interval over artists.
    confusion : (tags, tags) int64
        Clips of each tag (rows) by their highest tag (columns). A clip with several tags counts for each of them, and
        as right where its highest tag is one of them.
    """

    protocol: str
    clips: int
    tags: tuple[LearnedTag, ...]
    roc_auc: Interval
    average_precision: Interval
    confusion: NDArray[np.int64]

    @classmethod
    def from_scores(cls, examples: Examples, scores: NDArray[np.float64], seed: int) -> CrossValidation:
        """Measure cross-validated scores (clips, tags).

        Parameters
        ----------
        examples
            The clips.
        scores : (clips, tags)
            Their scores, from `taggram.training.probing.folds.cross_validated_scores`.
        seed
            Seed of the draws of the intervals.
        """
        labels = examples.labels
        counts = draw_counts(examples.groups, rng=np.random.default_rng(seed), resamples=RESAMPLES)

        def intervals(metric: TagMetric) -> tuple[Interval, list[Interval]]:
            values, resampled = metric(scores, labels), metric(scores, labels, counts=counts)
            mean = percentile_interval(macro(values).mean, resample_average(metric, scores, labels, counts=counts))
            return mean, [percentile_interval(*of_tag) for of_tag in zip(values, resampled.T, strict=True)]

        mean_roc_auc, roc_aucs = intervals(roc_auc)
        mean_precision, precisions = intervals(average_precision)
        confusion = _confusion(labels, scores)
        tags = []
        for column, name in enumerate(examples.tags):
            others = confusion[column].copy()
            others[column] = 0
            other, clips = int(others.argmax()), int(labels[:, column].sum())
            confused_clips = int(others[other]) if others[other] >= max(2, CONFUSED * clips) else 0
            tags.append(
                LearnedTag(
                    name,
                    clips,
                    len(np.unique(examples.groups[labels[:, column]])),
                    roc_aucs[column],
                    precisions[column],
                    examples.tags[other] if confused_clips else "",
                    confused_clips,
                )
            )
        return cls(_protocol(examples), len(examples), tuple(tags), mean_roc_auc, mean_precision, confusion)

    def write(self, folder: Path) -> None:
        """Write the metrics of the tags and the confusion matrix as ``tags.csv`` and ``confusion.csv``."""
        with (folder / TAGS_FILE).open("w", newline="", encoding="utf-8") as stream:
            writer = csv.writer(stream, lineterminator="\n")
            metrics = [f"{metric}{end}" for metric in ("roc_auc", "average_precision") for end in ("", "_low", "_high")]
            writer.writerow(["tag", "clips", "artists", *metrics, "confused_with", "confused_clips"])
            for tag in self.tags:
                figures = [round(value, 4) for value in (*tag.roc_auc, *tag.average_precision)]
                writer.writerow([tag.name, tag.clips, tag.artists, *figures, tag.confused_with, tag.confused_clips])
        with (folder / CONFUSION_FILE).open("w", newline="", encoding="utf-8") as stream:
            writer = csv.writer(stream, lineterminator="\n")
            names = [tag.name for tag in self.tags]
            writer.writerow(["tag", *names])
            writer.writerows([name, *row] for name, row in zip(names, self.confusion.tolist(), strict=True))


def _confusion(labels: NDArray[np.bool_], scores: NDArray[np.float64]) -> NDArray[np.int64]:
    """Count pairs of a clip and its tag by the tag and the highest tag of the clip."""
    clips, tags = np.nonzero(labels)
    highest = scores.argmax(axis=1)[clips]
    predicted = np.where(labels[clips, highest], tags, highest)
    return confusion_matrix(predicted, tags, np.arange(labels.shape[1]))


def _protocol(examples: Examples) -> str:
    name, folds = "cross-validation", f"at most {FOLDS} folds"
    if not examples.artists:
        return f"{name} by file in {folds}; no artist is known, so clips of one artist may be in several of them"
    unknown = f", and by file for {counted(examples.unknown, 'clip')} of unknown artists" if examples.unknown else ""
    return f"{name} by artist in {folds} ({counted(examples.artists, 'artist')}{unknown})"
