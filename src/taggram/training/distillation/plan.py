"""From labels to teachers: the same plan, with soft targets."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from taggram.training.distillation.similarity import TargetSimilarity
from taggram.training.distillation.targets import LogitScale, SoftTargets
from taggram.training.distillation.teacher_scores import FRAME, combine, teacher_scores
from taggram.training.distillation.time_grid import TimeGrid
from taggram.training.labels import Labels
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
        With soft targets, whose scale is measured on the training split.
    """
    store, distill = plan.store, plan.recipe.distill
    clips = np.concatenate([plan.train.clips, plan.valid.clips])
    lengths = np.concatenate([plan.train.lengths, plan.valid.lengths])
    samples_per_frame = round(FRAME * store.sample_rate)
    frames = -(-lengths // samples_per_frame)
    scores = teacher_scores(store, clips, distill.teachers, workers=workers, device=device, report=report)

    train_clips, train_frames = len(plan.train.clips), int(frames[: len(plan.train.clips)].sum())
    probabilities = combine(scores, distill.teachers, plan.vocabulary, frames)
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
        labels = _all_labels(plan) if distill.label_similarity else None
        train = dataclasses.replace(train, similarity=TargetSimilarity(embeddings, labels))
    return dataclasses.replace(plan, train=train, valid=valid)


def _standardize(embedding: NDArray[np.float32]) -> NDArray[np.float32]:
    mean, std = embedding.mean(axis=0), embedding.std(axis=0)
    standardized: NDArray[np.float32] = ((embedding - mean) / np.maximum(std, 1e-6)).astype(np.float32)
    return standardized


def _all_labels(plan: Plan) -> NDArray[np.float32]:
    """Return all labels of the training clips (clips, labels), not only those in the vocabulary."""
    labels = [plan.store.clips[clip].labels for clip in plan.train.clips.tolist()]
    names = sorted({label for of_clip in labels for label in of_clip})
    return Labels.from_clips(labels, names).array
