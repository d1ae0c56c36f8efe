"""From labels to teachers: the same plan, with what the teachers say as targets."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import numpy as np

from taggram.training.over_time import OverTime
from taggram.training.similarity import Neighbourhood
from taggram.training.targets import Labels, Scale, SoftTargets
from taggram.training.teaching import CELL, FOLDER, teach, together

if TYPE_CHECKING:
    from collections.abc import Callable

    from jaxtyping import Float32

    from taggram.datasets import PackedStore
    from taggram.training.plan import Plan


def taught(
    plan: Plan, store: PackedStore, *, workers: int = 1, device: str = "cpu", report: Callable[[str], None] = print
) -> Plan:
    """Let the recipe's teachers score both splits, and train on what they say.

    Parameters
    ----------
    plan
        Of a recipe with teachers.
    store
        That of the plan. The scores are kept in its folder, for whatever else is trained on it.
    workers, device, report
        See `taggram.training.teaching.teach`.

    Returns
    -------
    Plan
        With soft targets, the scale of which is measured on the training split.
    """
    teachers = plan.recipe.teachers
    clips = np.concatenate([plan.train.clips, plan.valid.clips])
    lengths = np.concatenate([plan.train.lengths, plan.valid.lengths])
    samples = round(CELL * store.sample_rate)
    cells = -(-lengths // samples)
    lessons = teach(store, clips, teachers, store.folder / FOLDER, workers=workers, device=device, report=report)
    trained = slice(0, len(plan.train.clips)), slice(0, int(cells[: len(plan.train.clips)].sum()))
    others = slice(trained[0].stop, None), slice(trained[1].stop, None)

    def over_time(values: Float32[np.ndarray, "cells size"], part: tuple[slice, slice]) -> OverTime:
        return OverTime(values[part[1]], cells[part[0]], samples)

    probabilities = together(lessons, teachers, plan.vocabulary, cells)
    scale = Scale.of(probabilities[trained[1]], plan.recipe.sharpness)
    heard = [
        _standardised(lesson.on_cells(lesson.embeddings, cells), trained[1])
        for lesson, teacher in zip(lessons, teachers, strict=True)
        if teacher.neighbours
    ]
    train, valid = (
        dataclasses.replace(split, targets=SoftTargets(over_time(probabilities, part), scale))
        for split, part in ((plan.train, trained), (plan.valid, others))
    )
    if heard:
        labels = [store.clips[clip].labels for clip in plan.train.clips.tolist()]
        named = sorted({label for of_clip in labels for label in of_clip})
        by_label = Labels.of(labels, named).array if plan.recipe.similarity_of_labels else None
        neighbourhood = Neighbourhood([over_time(embedding, trained) for embedding in heard], by_label)
        train = dataclasses.replace(train, neighbourhood=neighbourhood)
    return dataclasses.replace(plan, train=train, valid=valid)


def _standardised(embedding: Float32[np.ndarray, "cells size"], of: slice) -> Float32[np.ndarray, "cells size"]:
    mean, deviation = embedding[of].mean(axis=0), embedding[of].std(axis=0)
    standardised: np.ndarray = (embedding - mean) / np.maximum(deviation, 1e-6)
    return standardised
