"""The trainings of the study, and the scores of the test split."""

from __future__ import annotations

import os
import statistics
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from taggram._progress import ProgressHook, no_progress
from taggram._system import cpu_count
from taggram.datasets import ClipIndex, PackedStore, PackResult, dataset, list_folder, list_table, pack
from taggram.errors import DatasetError
from taggram.evaluation.resolution.configurations import Configuration, ResolutionResult, compare_configurations
from taggram.evaluation.resolution.grids import GRIDS, HOP, LOG, MELS, RATE, REFERENCE_HOP
from taggram.evaluation.resolution.run_scores import TEST, RunScores, score_runs
from taggram.features import FrontEnd
from taggram.metrics import percentile_interval
from taggram.models import ModelCard
from taggram.training import Recipe
from taggram.training.data import frequent_labels
from taggram.training.plan import required_sample_rate
from taggram.training.recipe import FILE_NAME as RECIPE_FILE
from taggram.training.sweep import RunResult, SweepResult, TrialResult, sweep

__all__ = ["load_clips", "resolution"]


def load_clips(data: str) -> tuple[ClipIndex, tuple[str, ...] | None]:
    """List the clips of a folder, a table, or a published data set as ``NAME=FOLDER``, which has tags of its own.

    Raises
    ------
    DatasetError
        If it cannot be read.
    """
    name, _, folder = data.partition("=")
    if folder:
        source = dataset(name)
        return source.index(Path(folder)), tuple(source.vocabulary(Path(folder)).names)
    return (list_folder if Path(data).is_dir() else list_table)(Path(data)), None


def resolution(
    clips: ClipIndex,
    out: str | os.PathLike[str],
    *,
    tags: Sequence[str] | None = None,
    most_frequent: int | None = None,
    grids: Sequence[Mapping[str, Sequence[Any]]] = GRIDS["paper"],
    channels: Sequence[int] | None = None,
    runs: int = 3,
    epochs: int = 13,
    batch_size: int = 64,
    device: str = "auto",
    threads: int | None = None,
    workers: int = 1,
    progress: ProgressHook = no_progress,
    report: Callable[[str], None] | None = None,
) -> ResolutionResult:
    """Train VGG-CNN at several resolutions of the mel-spectrogram, and score the test split.

    Training follows the published code: Adam with 1e-3, the weights of the last epoch, segments of 29.1 s from the
    centre of each clip. The test split is scored after all trainings, and nothing is chosen by it. After an
    interruption the same call resumes.

    Parameters
    ----------
    clips
        In the splits train, valid and test.
    out
        Folder that gets a packed store per sample rate, the sweep of the trainings, and the table.
    tags
        The tags; None: all labels of the training split.
    most_frequent
        Take only so many of them, those with most training clips.
    grids
        The resolutions, see `taggram.evaluation.resolution.combine`.
    channels
        Channels of the four layers; None: as published.
    runs
        Trainings of each configuration, with seeds from 0.
    epochs, batch_size
        Of each training.
    device, threads, workers, progress, report
        See `taggram.training.sweep.sweep`.

    Returns
    -------
    ResolutionResult
        All configurations that were trained.

    Raises
    ------
    DatasetError
        If a split is missing or has no tag that can be learned or measured, or clips cannot be packed.
    RecipeError
        If there is no such resolution, or `out` contains another study or one of other clips.
    """
    report = report or _ignore
    folder = Path(out).resolve()
    if missing := {"train", "valid", TEST} - {clip.split for clip in clips.clips}:
        raise DatasetError(f"no clip is in the split {min(missing)}: label the split of the clips, or use --new-split")
    recipe = _recipe(folder, channels, epochs, batch_size).replace(sweep={"grid": grids, "seeds": range(runs)})
    _check_options(recipe.cells())
    for rate in sorted({rate for grid in grids for rate in grid[RATE]}):
        _pack(clips, folder / "stores" / str(rate), rate, progress, report)
        store = PackedStore(folder / "stores" / str(rate))
    recipe = recipe.replace(data={"vocabulary": _choose_tags(store, tags, most_frequent)})
    result = sweep(
        recipe, folder / "sweep", device=device, threads=threads, workers=workers, progress=progress, report=report
    )
    complete = [trial for trial in result.trials if trial.state == "complete"]
    names = [run.folder for trial in complete for run in trial.runs]
    scores = dict(zip(names, score_runs([result.folder / name for name in names], workers, progress), strict=True))
    counts = next(((each.clips, each.groups, each.tags) for each in scores.values()), (0, 0, 0))
    configurations = [_configure(result, trial, scores) for trial in complete]
    return ResolutionResult(folder, compare_configurations(configurations), *counts, result)


def _check_options(recipes: Sequence[Recipe]) -> None:
    """Raise an error for options that the network does not take, before clips are packed for hours."""
    narrow: dict[str, Any] = {}  # of all but the first recipe: wide layers take most of a second
    for recipe in recipes:
        required_sample_rate(recipe.replace(model={"options": {**recipe.model.options, **narrow}}), recipe.name)
        narrow = {"channels": (1, 1, 1, 1)}


def _pack(clips: ClipIndex, store: Path, rate: int, progress: ProgressHook, report: Callable[[str], None]) -> None:
    def show(result: PackResult) -> None:
        if result.state == "failed":
            report(f"error: {result.message}")

    summary = pack(clips, store, sample_rate=rate, workers=cpu_count(), report=show, progress=progress)
    report(f"{store}: {summary}")


def _choose_tags(store: PackedStore, tags: Sequence[str] | None, most_frequent: int | None) -> tuple[str, ...]:
    """Return the tags that some training clip has, most frequent first; at least one of them can be measured."""
    labels = frequent_labels(store, "train", 1)
    chosen = tuple(label for label in labels if tags is None or label in tags)[:most_frequent]
    if not chosen:
        raise DatasetError("no clip of the split train has a tag: add labels")
    of_clips = [store.clips[clip].labels for clip in store.select(split=TEST).tolist()]
    if not any(0 < sum(tag in labels for labels in of_clips) < len(of_clips) for tag in chosen):
        raise DatasetError("no tag has clips with and without it in the split test: add clips or labels")
    return chosen


def _recipe(folder: Path, channels: Sequence[int] | None, epochs: int, batch_size: int) -> Recipe:
    """Return the recipe of the paper's training on MagnaTagATune."""
    store = folder / "stores" / "{sample_rate}"
    return Recipe.model_validate(
        {
            "name": "vgg_cnn.resolution",
            "data": {"store": str(store), "positions": "even", "validation_segments": 1},
            "model": {"architecture": "vgg_cnn", "options": {} if channels is None else {"channels": [*channels]}},
            "optim": {
                "epochs": epochs,
                "batch_size": batch_size,
                "keep": "last",
                "optimizer": {"kind": "adam", "lr": 1e-3, "weight_decay": 0},
            },
        }
    )


def _configure(result: SweepResult, trial: TrialResult, scores: Mapping[str, RunScores]) -> Configuration:
    """Return a configuration with the means over its runs."""
    of_runs = [scores[run.folder] for run in trial.runs]
    rocs = tuple(run.roc_auc for run in of_runs)
    first = trial.runs[0]
    assert first.macs is not None and first.parameters is not None
    store_bytes, features_bytes = _sizes(result.folder, first)
    return Configuration(
        sample_rate=trial.values[RATE],
        n_mels=trial.values[MELS],
        hop=trial.values[HOP] // REFERENCE_HOP,
        log=trial.values[LOG],
        roc_auc=rocs,
        average_precision=tuple(run.average_precision for run in of_runs),
        roc_auc_interval=percentile_interval(
            statistics.fmean(rocs), np.mean([run.resampled for run in of_runs], axis=0)
        ),
        macs=first.macs,
        parameters=first.parameters,
        store_bytes=store_bytes,
        features_bytes=features_bytes,
        training_seconds=statistics.fmean(run.seconds for run in trial.runs),
        tagging_seconds=statistics.fmean(run.seconds for run in of_runs),
    )


def _sizes(folder: Path, run: RunResult) -> tuple[int, int]:
    """Return the bytes of all clips as audio, and as spectrograms."""
    front_end = ModelCard.read(folder / run.folder).front_end
    assert isinstance(front_end, FrontEnd)
    lengths = PackedStore(Recipe.read(folder / run.folder / RECIPE_FILE).data.store).clips.lengths
    return 2 * int(lengths.sum()), 4 * front_end.n_mels * sum(map(front_end.frames, lengths.tolist()))


def _ignore(line: str) -> None:
    del line
