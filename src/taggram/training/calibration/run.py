"""Calibration of a model's decisions: thresholds and levels, fitted on the validation clips of its recipe."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from taggram._files import atomic_file
from taggram._progress import ProgressHook, no_progress
from taggram.errors import DatasetError, RecipeError
from taggram.models import ModelCard
from taggram.models.card import FILE_NAME as CARD_FILE
from taggram.models.directories import find_model
from taggram.tagging import Tagger
from taggram.training.calibration.levels import Judgement, fit_levels, read_judgements
from taggram.training.calibration.thresholds import fit_thresholds
from taggram.training.calibration.truth import Truth
from taggram.training.data import Split
from taggram.training.distillation.teacher_scores import FRAME, combine, teacher_scores
from taggram.training.distillation.time_grid import TimeGrid
from taggram.training.recipe import FILE_NAME as RECIPE_FILE
from taggram.training.recipe import Recipe

if TYPE_CHECKING:
    from taggram.datasets import PackedStore

VALID = "valid"


@dataclass(frozen=True)
class CalibrationResult:
    """The result of a calibration.

    Attributes
    ----------
    card
        The model's card with its thresholds and levels, as written.
    clips
        Number of validation clips.
    shown
        Mean number of tags per clip by the threshold ``"balanced"``.
    empty
        Share of the clips without any.
    by_category
        Share of the clips with a tag of each category.
    imprecise
        Tags with thresholds that no validation clip has with the precision of ``"precision"``.
    """

    card: ModelCard
    clips: int
    shown: float
    empty: float
    by_category: dict[str, float]
    imprecise: tuple[str, ...]


def calibrate(
    model: str | os.PathLike[str],
    recipe: Recipe | str | os.PathLike[str] | None = None,
    *,
    store: str | os.PathLike[str] | None = None,
    judgements: str | os.PathLike[str] | None = None,
    workers: int = 1,
    progress: ProgressHook = no_progress,
    report: Callable[[str], None] | None = None,
) -> CalibrationResult:
    """Fit the thresholds and levels of a model anew, and write them into its card; its scores stay.

    Parameters
    ----------
    model
        Name or folder of the model.
    recipe
        The recipe that names its data, teachers and labels; None: the one beside the model.
    store
        Packed store with the validation clips; None: that of the recipe. One that does not exist is packed from the
        validation clips of the recipe's sources.
    judgements
        Table of judged tags; None: that of the recipe, if it has one.
    workers
        Processes that pack clips and run teachers.
    progress, report
        See `taggram.train`.

    Returns
    -------
    CalibrationResult
        The new card, and how many tags it shows.

    Raises
    ------
    RecipeError, ModelError, DatasetError
        If the model, its recipe, a source or the judgements cannot be read, or do not fit each other.
    """
    folder = find_model(os.fspath(model))
    recipe = recipe if isinstance(recipe, Recipe) else Recipe.read(recipe or folder / RECIPE_FILE)
    if store is not None:
        recipe = recipe.replace(data={"store": os.fspath(store)})
    if judgements is not None:
        recipe = recipe.replace(distill={"judgements": os.fspath(judgements)})
    packed = _open_store(recipe, workers, progress)
    return calibrate_on(folder, packed, recipe, workers=workers, progress=progress, report=report)


def calibrate_on(
    folder: Path,
    store: PackedStore,
    recipe: Recipe,
    *,
    workers: int = 1,
    progress: ProgressHook = no_progress,
    report: Callable[[str], None] | None = None,
) -> CalibrationResult:
    """Fit the thresholds and levels of a model on the validation clips of a packed store; see `calibrate`."""
    report = report or (lambda _: None)
    tagger = Tagger(folder)
    vocabulary = tagger.card.vocabulary
    split = Split.from_store(store, VALID, vocabulary.names)
    if len(split.clips) < 2:
        raise RecipeError(
            f"{store.folder}: has {len(split.clips)} clips in the split {VALID!r}; calibration needs more"
        )
    truth = _truth(store, split, recipe, tagger, workers, report)
    clips = progress(split.clips.tolist(), len(split.clips), "tagging the validation clips")
    scores = np.stack(
        [tagger.tag(store.read(clip), sample_rate=store.sample_rate).clip_scores() for clip in clips]
    ).astype(np.float64)
    levels = None
    if recipe.distill.judgements is not None:
        rows = {store.clips[clip].id: row for row, clip in enumerate(split.clips.tolist())}
        judged = _check_judgements(read_judgements(recipe.distill.judgements), rows, vocabulary.names, recipe)
        of_pair = {(j.clip, j.tag): float(scores[rows[j.clip], vocabulary.names.index(j.tag)]) for j in judged}
        levels = fit_levels(judged, of_pair, vocabulary.tags)
    thresholds = fit_thresholds(scores, truth, vocabulary.tags, levels)
    card = tagger.card.replace(thresholds=thresholds, levels=levels)
    with atomic_file(folder / CARD_FILE) as part:
        part.write_text(card.to_json() + "\n", encoding="utf-8")
    shown = scores >= np.array([thresholds["balanced"].get(tag, np.inf) for tag in vocabulary.names])
    categories = np.array([vocabulary.tags[tag] for tag in vocabulary.names])
    return CalibrationResult(
        card=card,
        clips=len(scores),
        shown=float(shown.sum(axis=1).mean()),
        empty=float((~shown.any(axis=1)).mean()),
        by_category={
            str(category): float(shown[:, categories == category].any(axis=1).mean())
            for category in dict.fromkeys(categories.tolist())
        },
        imprecise=tuple(tag for tag in thresholds["balanced"] if tag not in thresholds["precision"]),
    )


def _open_store(recipe: Recipe, workers: int, progress: ProgressHook) -> PackedStore:
    """Open the store; pack the validation clips of the sources into one that does not exist."""
    from taggram.datasets import ClipIndex, PackedStore, pack
    from taggram.training.plan import required_sample_rate
    from taggram.training.sources import list_sources

    if not Path(recipe.data.store).exists() and recipe.data.sources:
        rate = required_sample_rate(recipe)
        clips = list_sources(recipe.replace(augment={"variants": 0}), rate, workers)
        valid = ClipIndex(clips.folder, tuple(clip for clip in clips.clips if clip.split == VALID))
        pack(valid, recipe.data.store, sample_rate=rate, workers=workers, progress=progress)
    return PackedStore(recipe.data.store)


def _truth(
    store: PackedStore, split: Split, recipe: Recipe, tagger: Tagger, workers: int, report: Callable[[str], None]
) -> Truth:
    """Return what the model is calibrated on: the teachers' scores and the labels, or the labels alone."""
    vocabulary, rows = tagger.card.vocabulary, np.arange(len(split.clips))
    if not recipe.distill.teachers:
        labels = split.targets.of_clips(rows)
        return Truth(labels, labels)
    scores = teacher_scores(store, split.clips, recipe.distill.teachers, workers=workers, report=report)
    samples = round(FRAME * store.sample_rate)
    frames = -(-split.lengths // samples)
    grid = TimeGrid(combine(scores, recipe.distill.teachers, vocabulary, frames), frames, samples)
    return Truth.from_teachers(grid.of_clips(rows), store, split.clips.tolist(), recipe, vocabulary)


def _check_judgements(
    judgements: Sequence[Judgement], rows: dict[str, int], tags: Sequence[str], recipe: Recipe
) -> Sequence[Judgement]:
    """Return the judgements; raise an error for one of another split or vocabulary."""
    for judgement in judgements:
        if judgement.clip not in rows:
            raise DatasetError(
                f"{recipe.distill.judgements}: {judgement.clip} is no validation clip of {recipe.data.store}"
            )
        if judgement.tag not in tags:
            raise DatasetError(f"{recipe.distill.judgements}: the model has no tag {judgement.tag!r}")
    return judgements
