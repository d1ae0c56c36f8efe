"""From labels to teachers: the same plan, with soft targets."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from taggram.errors import RecipeError
from taggram.training.distillation.similarity import TargetSimilarity
from taggram.training.distillation.targets import LogitScale, SoftTargets
from taggram.training.distillation.teacher_scores import FRAME, combine, teacher_scores
from taggram.training.distillation.time_grid import TimeGrid
from taggram.training.labels import clip_labels
from taggram.training.plan import Plan


def with_teachers(plan: Plan, *, workers: int = 1, device: str = "cpu", report: Callable[[str], None] = print) -> Plan:
    """Score both splits with the recipe's teachers, and replace the labels by these scores.

    Parameters
    ----------
    plan
        The plan of a recipe with teachers. The scores are stored in the folder of its store, where other trainings
        find them.
    workers, device, report
        See `taggram.training.distillation.teacher_scores.teacher_scores`.

    Returns
    -------
    Plan
        With soft targets, whose scale is measured on the training split, and with the labels that teach beside them.
        Its vocabulary is without tags that have neither.

    Raises
    ------
    RecipeError
        If no tag is left.
    """
    store, distill = plan.store, plan.recipe.distill
    clips = np.concatenate([plan.train.clips, plan.valid.clips])
    lengths = np.concatenate([plan.train.lengths, plan.valid.lengths])
    samples_per_frame = round(FRAME * store.sample_rate)
    frames = -(-lengths // samples_per_frame)
    scores = teacher_scores(store, clips, distill.teachers, workers=workers, device=device, report=report)

    train_clips = len(plan.train.clips)
    train_frames = int(frames[:train_clips].sum())
    probabilities = combine(scores, distill.teachers, plan.vocabulary, frames)
    labels = clip_labels(store, clips.tolist(), distill.label_map, plan.vocabulary)
    taught = _taught(plan, probabilities, labels[:train_clips])
    if not taught.all():
        untaught = [tag for tag, is_taught in zip(plan.vocabulary.names, taught, strict=True) if not is_taught]
        report(f"not learned, as neither teachers nor labels have them: {', '.join(untaught)}")
        tags = {tag: category for tag, category in plan.vocabulary.tags.items() if tag not in untaught}
        plan = dataclasses.replace(plan, vocabulary=plan.vocabulary.replace(tags=tags))
        probabilities, labels = probabilities[:, taught], labels[:, taught]
    scale = LogitScale.from_probabilities(probabilities[:train_frames], distill.logit_std)
    grids = (
        TimeGrid(probabilities[:train_frames], frames[:train_clips], samples_per_frame),
        TimeGrid(probabilities[train_frames:], frames[train_clips:], samples_per_frame),
    )
    train, valid = (
        dataclasses.replace(split, targets=SoftTargets(grid, scale))
        for split, grid in zip((plan.train, plan.valid), grids, strict=True)
    )
    embeddings = [
        TimeGrid(
            _standardize(of_teacher.on_frames(of_teacher.embeddings, frames)[:train_frames]),
            frames[:train_clips],
            samples_per_frame,
        )
        for of_teacher, teacher in zip(scores, distill.teachers, strict=True)
        if teacher.match_similarity
    ]
    if embeddings:
        genres = None
        if distill.label_similarity:
            is_genre = np.array([category == "genre" for category in plan.vocabulary.tags.values()])
            genres = (labels[:train_clips, is_genre] == 1).astype(np.float32)
        train = dataclasses.replace(train, similarity=TargetSimilarity(embeddings, genres))
    if distill.label_weight:
        train = dataclasses.replace(train, labels=labels[:train_clips])
    return dataclasses.replace(plan, train=train, valid=valid)


def _standardize(embedding: NDArray[np.float32]) -> NDArray[np.float32]:
    mean, std = embedding.mean(axis=0), embedding.std(axis=0)
    standardized: NDArray[np.float32] = ((embedding - mean) / np.maximum(std, 1e-6)).astype(np.float32)
    return standardized


def _taught(plan: Plan, probabilities: NDArray[np.float32], labels: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Return which tags (tags,) have a teacher, or labels that teach them."""
    taught: NDArray[np.bool_] = ~np.isnan(probabilities[0])
    if plan.recipe.distill.label_weight:
        taught |= (labels == 1).any(axis=0)
    if not taught.any():
        raise RecipeError("distill.teachers: no teacher has any tag of data.vocabulary; add a teacher")
    return taught
