"""The ensemble of several teachers: a weighted mean over those that have a tag."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from taggram.training.distillation.targets import logit


def ensemble(scores: NDArray[np.floating[Any]], weights: ArrayLike) -> NDArray[np.floating[Any]]:
    """Average the scores of several teachers, as logits: a logarithmic opinion pool (Genest and Zidek 1986).

    Parameters
    ----------
    scores : (teachers, ..., tags)
        Probabilities in one vocabulary; NaN where a teacher does not have a tag.
    weights : (teachers,) or (teachers, tags)
        Above 0.

    Returns
    -------
    (..., tags)
        Probabilities by the mean logit of the teachers that have the tag; NaN where none has it.
    """
    weight = np.asarray(weights, np.float64)
    weight = weight.reshape(len(weight), *[1] * (scores.ndim - 2), -1)
    total, mean = np.zeros(scores.shape[1:]), np.zeros(scores.shape[1:])
    for of_teacher, its_weight in zip(scores, weight, strict=True):
        has_tag = ~np.isnan(of_teacher)
        total += its_weight * has_tag
        mean += its_weight * np.where(has_tag, logit(np.nan_to_num(of_teacher)), 0.0)
    with np.errstate(invalid="ignore"):
        probable: NDArray[np.floating[Any]] = 1 / (1 + np.exp(-mean / np.where(total > 0, total, np.nan)))
    return probable.astype(scores.dtype)
