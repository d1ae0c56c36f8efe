"""Early warnings of a training that learns nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import torch
from torch import Tensor

from taggram._text import counted
from taggram.training.plan import Plan

LEAST_CHANGE = 1e-5  # of the weights in the first epoch, relative to their norm


def check_labels(plan: Plan) -> list[str]:
    """Return a warning if tags have no training clip, or no validation clip."""
    if plan.recipe.distill.teachers:
        return []
    lines = []
    for split, name in ((plan.train, "training"), (plan.valid, "validation")):
        positives = split.targets.of_clips(np.arange(len(split.clips))).sum(0)
        if tags := [tag for tag, n in zip(plan.vocabulary.names, positives, strict=True) if not n]:
            effect = "cannot be learned" if name == "training" else "do not count in ROC-AUC"
            lines.append(f"warning: {_listed(tags)} without a {name} clip, which {effect}")
    return lines


def check_scores(constant_tags: Sequence[str]) -> list[str]:
    """Return a warning if tags have the same score for all clips."""
    if not constant_tags:
        return []
    return [f"warning: {_listed(constant_tags)} with the same score for all validation clips"]


def check_change(before: Mapping[str, Tensor], after: Mapping[str, Tensor], lr: float) -> list[str]:
    """Return a warning if an epoch hardly changed the weights.

    Parameters
    ----------
    before, after
        The trained parameters by name.
    lr
        The last learning rate.
    """
    change = sum(float(torch.sum((after[name] - before[name]).double() ** 2)) for name in before) ** 0.5
    norm = sum(float(torch.sum(before[name].double() ** 2)) for name in before) ** 0.5
    if change > LEAST_CHANGE * norm:
        return []
    return [f"warning: the first epoch hardly changed the weights; a learning rate of {lr:g} may be too low"]


def _listed(tags: Sequence[str]) -> str:
    """Count tags and list the first ones."""
    names = ", ".join(tags[:5]) + (", …" if len(tags) > 5 else "")
    return f"{counted(len(tags), 'tag')} ({names})"
