"""Thresholds: the score from which on a tag applies, fitted on validation clips."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from taggram.models.card import LEVELS, Levels, ThresholdCriterion
from taggram.training.calibration.truth import Truth
from taggram.vocabularies import Category
from taggram.vocabularies.vocabulary import SCALE

# How many tags of each category a clip has by the threshold "balanced", in the mean over clips.
PER_CLIP: dict[Category, int] = {"genre": 3, "instrument": 3, "mood": 2, "voice": 1, "tempo": 1, "era": 0, "other": 0}
MIN_CLIPS = 3  # a tag is shown for at least so many validation clips, so that none is out of reach
MIN_LABELS = 10  # clips with a label, from which on the labels, too, say how often a tag holds
MIN_PRECISION = LEVELS["likely"]
MIN_PROBABILITY = LEVELS["maybe"]  # below it, a tag is shown for its best validation clip only


def fit_thresholds(
    scores: NDArray[np.floating], truth: Truth, tags: Mapping[str, Category], levels: Levels | None = None
) -> dict[ThresholdCriterion, dict[str, float]]:
    """Fit the threshold of each tag, by three criteria.

    Parameters
    ----------
    scores : (clips, tags)
        Scores of the validation clips.
    truth
        Of the same clips.
    tags
        Their categories, in the order of the columns.
    levels
        How likely tags are right, where that has been judged.

    Returns
    -------
    dict
        ``"f1"``: the highest F1 against the labels, or the highest expected F1 by the teachers' scores.
        ``"balanced"``: as many clips get the tag as have it, see `count_clips`; with levels, no clip below
        `MIN_PROBABILITY` but the best one. ``"precision"``: the lowest threshold with a precision of at least
        `MIN_PRECISION`, by the levels or else by the labels; only for tags that reach it. With levels, a tag that was
        not judged has no threshold; nor has a quantity, the category ``"scale"``.
    """
    f1, balanced, precision = {}, {}, {}
    counts = count_clips(truth, list(tags.values()))
    for i, (tag, category) in enumerate(tags.items()):
        if category == SCALE or (levels is not None and tag not in levels.offsets):
            continue
        ranked = np.sort(scores[:, i])[::-1].astype(np.float64)
        valid = ~np.isnan(truth.targets[:, i])
        order = np.argsort(-scores[valid, i], kind="stable")
        of_valid, hits = scores[valid, i][order], np.cumsum(truth.targets[valid, i][order])
        predicted = np.arange(1, len(order) + 1)
        f1[tag] = _threshold_after(of_valid, int(np.argmax(2 * hits / (predicted + hits[-1]))))
        balanced[tag] = _threshold_after(ranked, int(counts[i]) - 1)
        if levels is not None:
            least = max(balanced[tag], round(levels.score(tag, MIN_PROBABILITY), 6))
            balanced[tag] = min(least, _threshold_after(ranked, 0))
            if levels.probability(tag, ranked[0]) >= MIN_PRECISION:
                precision[tag] = round(levels.score(tag, MIN_PRECISION), 6)
        elif truth.has_labels[i]:
            precise = np.flatnonzero(hits / predicted >= MIN_PRECISION)
            if len(precise):
                precision[tag] = _threshold_after(of_valid, int(precise[-1]))
    return {"f1": f1, "balanced": balanced, "precision": precision}


def count_clips(truth: Truth, categories: Sequence[Category]) -> NDArray[np.int64]:
    """Estimate how many of the validation clips have each tag.

    A clip has the tag if the teachers rank it among the first `PER_CLIP` of its category. Where `MIN_LABELS` clips
    have the label, or no teacher has the tag, they count if they are more: labels leave out more than they invent. The
    teachers rank by the score over the square root of its mean: by the score alone the frequent tags of a category
    would be all, and by the ratio to the mean each tag would be as frequent as any other.

    Parameters
    ----------
    truth
        Of the clips.
    categories
        Of the tags.

    Returns
    -------
    (tags,) int64
        At least `MIN_CLIPS`, and at most the number of clips.
    """
    clips = len(truth.labels)
    typical = truth.teacher_scores / np.sqrt(np.maximum(truth.teacher_scores.mean(axis=0), 1e-6))
    counts = np.zeros(len(categories), np.int64)
    for category, first in PER_CLIP.items():
        columns = [i for i, of_tag in enumerate(categories) if of_tag == category]
        ranks = np.argsort(np.argsort(-typical[:, columns], axis=1, kind="stable"), axis=1, kind="stable")
        counts[columns] = ((ranks < first) & (typical[:, columns] > 0)).sum(axis=0)
    positives, labelled = (truth.labels == 1).sum(axis=0), (~np.isnan(truth.labels)).sum(axis=0)
    by_labels = np.rint(positives * clips / np.maximum(labelled, 1)).astype(np.int64)
    enough = (positives >= MIN_LABELS) | np.isnan(truth.teacher_scores).all(axis=0)
    counts = np.where(enough, np.maximum(counts, by_labels), counts)
    return np.clip(counts, min(MIN_CLIPS, clips), clips)


def _threshold_after(ranked: NDArray[np.floating], last: int) -> float:
    """Return a threshold between the clip at rank `last` and the next one, or 0 after the last one."""
    above = float(ranked[last])
    below = float(ranked[last + 1]) if last + 1 < len(ranked) else 0.0
    return round((above + below) / 2, 6)
