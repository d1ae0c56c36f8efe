"""Scores of the test split by a trained model, kept beside it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from taggram._files import atomic_file
from taggram._progress import ProgressHook
from taggram.datasets import PackedStore
from taggram.errors import TaggramError
from taggram.metrics import average_precision, draw_counts, macro, resample_average, roc_auc
from taggram.parallel import parallel_map
from taggram.training import Recipe
from taggram.training.recipe import FILE_NAME as RECIPE_FILE
from taggram.training.split_scores import score_split

__all__ = ["RunScores", "score_runs"]

TEST = "test"
FILE_NAME = "test.npz"
RESAMPLES, SEED = 1000, 0  # of artists or recordings


class RunScores(NamedTuple):
    """Metrics of the test split.

    Attributes
    ----------
    roc_auc, average_precision
        Means over tags.
    resampled : (resamples,) float64
        ROC-AUC of resamples of artists or recordings, which are the same for all models.
    seconds
        Duration of the tagging per minute of audio.
    clips, groups, tags
        Number of clips, of artists or recordings, and of tags that have positives and negatives.
    """

    roc_auc: float
    average_precision: float
    resampled: NDArray[np.float64]
    seconds: float
    clips: int
    groups: int
    tags: int


def score_runs(folders: Sequence[Path], workers: int, progress: ProgressHook) -> list[RunScores]:
    """Score the test split with models.

    Parameters
    ----------
    folders
        Of trainings.
    workers
        Number of models at a time.
    progress
        Shows the number of models.
    """
    scores = parallel_map(_score_run, folders, workers=workers, on_crash=_raise_crash)
    return list(progress(scores, len(folders), "test split"))


def _score_run(folder: Path) -> RunScores:
    """Score the test split with a model, or read the scores of an earlier call."""
    file = folder / FILE_NAME
    if not file.exists():
        recipe = Recipe.read(folder / RECIPE_FILE)
        store = PackedStore(recipe.data.store)
        split = score_split(folder, store, TEST)
        ids, groups = store.clips.ids[split.clips], store.clips.groups[split.clips]
        groups = np.array([group or id_ for group, id_ in zip(groups, ids, strict=True)], str)
        counts = draw_counts(groups, rng=np.random.default_rng(SEED), resamples=RESAMPLES)
        with atomic_file(file) as part, part.open("wb") as stream:
            np.savez(
                stream,
                ids=np.array(ids, str),
                groups=groups,
                scores=split.scores,
                labels=split.labels,
                resampled=resample_average(roc_auc, split.scores, split.labels, counts=counts),
                seconds=split.seconds * 60 / store.clips.durations[split.clips].sum(),
            )
    with np.load(file) as arrays:
        scores, labels = arrays["scores"], arrays["labels"]
        mean, tags = macro(roc_auc(scores, labels))
        return RunScores(
            roc_auc=mean,
            average_precision=macro(average_precision(scores, labels)).mean,
            resampled=arrays["resampled"],
            seconds=float(arrays["seconds"]),
            clips=len(scores),
            groups=len(np.unique(arrays["groups"])),
            tags=tags,
        )


def _raise_crash(folder: Path, reason: str) -> RunScores:
    raise TaggramError(f"{folder}: its test clips cannot be scored: {reason}")
