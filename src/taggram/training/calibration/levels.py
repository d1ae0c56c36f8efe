"""Levels: how likely a tag is right, by judgements of tags."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, cast

import numpy as np
from numpy.typing import NDArray

from taggram._delimited import read_delimited
from taggram.errors import DatasetError
from taggram.models.card import LEVELS, LevelPrecision, Levels, level_of, logit
from taggram.vocabularies import Category

FOLDS = 10  # of clips, to measure the levels on judgements that they were not fitted on
# Prior standard deviations of a category's and a tag's offset, in logits. With few judgements, a tag is like others of
# its category.
CATEGORY_SCALE, TAG_SCALE = 3.0, 1.0

Verdict = Literal["right", "wrong", "unknown"]


@dataclass(frozen=True)
class Judgement:
    """Whether a tag fits a clip, judged without seeing its score.

    Attributes
    ----------
    clip
        Id of the clip in the packed store.
    tag
        The tag.
    verdict
        ``"right"``, ``"wrong"``, or ``"unknown"`` where title, artist and labels do not tell.
    """

    clip: str
    tag: str
    verdict: Verdict


def read_judgements(file: str | os.PathLike[str]) -> list[Judgement]:
    """Read a table of judgements, CSV or TSV with the columns clip, tag and judgement.

    Raises
    ------
    DatasetError
        If the file cannot be read, or a row has no judgement.
    """
    try:
        rows = read_delimited(Path(file), "judgement")
    except (OSError, ValueError) as error:
        raise DatasetError(f"{file} cannot be read: {error}") from error
    judgements = []
    for number, row in enumerate(rows, 1):
        clip, tag, verdict = (row.get(column) for column in ("clip", "tag", "judgement"))
        if not clip or not tag or verdict not in ("right", "wrong", "unknown"):
            raise DatasetError(f"{file}: judgement {number} needs a clip, a tag, and one of right, wrong and unknown")
        judgements.append(Judgement(clip, tag, cast("Verdict", verdict)))
    return judgements


def fit_levels(
    judgements: Sequence[Judgement], scores: Mapping[tuple[str, str], float], tags: Mapping[str, Category]
) -> Levels:
    """Fit the probability that a judged tag is right, as a function of its score.

    A logistic regression on the logit of the score, with an offset for each category and tag that is shrunk towards 0
    (ridge penalty, that is a normal prior). Judgements ``"unknown"`` do not count.

    Parameters
    ----------
    judgements
        Of validation clips.
    scores
        Score of each clip and tag that was judged.
    tags
        All tags of the vocabulary, with their categories.

    Raises
    ------
    DatasetError
        If there are not both right and wrong judgements, or scores are not higher where tags are right.
    """
    known = [judgement for judgement in judgements if judgement.verdict != "unknown"]
    right = np.array([judgement.verdict == "right" for judgement in known])
    if right.all() or not right.any():
        raise DatasetError("judgements: levels need tags that were judged right and tags that were judged wrong")
    x = np.array([logit(scores[judgement.clip, judgement.tag]) for judgement in known])
    slope, offsets = _fit(x, [judgement.tag for judgement in known], right, tags)
    judged = {judgement.tag for judgement in judgements}
    return Levels(
        slope=round(slope, 4),
        offsets={tag: round(offset, 4) for tag, offset in offsets.items() if tag in judged},
        precision=_measure(judgements, scores, tags),
    )


def _fit(
    x: NDArray[np.float64], judged: Sequence[str], right: NDArray[np.bool_], tags: Mapping[str, Category]
) -> tuple[float, dict[str, float]]:
    """Return the slope, and the offset of each tag."""
    from sklearn.linear_model import LogisticRegression

    names, categories = list(tags), sorted(set(tags.values()))
    of_tag = TAG_SCALE * np.eye(len(names))
    of_category = CATEGORY_SCALE * np.eye(len(categories))[[categories.index(tags[tag]) for tag in names]]
    design = np.hstack([of_tag, of_category])
    rows = [names.index(tag) for tag in judged]
    model = LogisticRegression(max_iter=10_000).fit(np.column_stack([x, design[rows]]), right)
    offsets = model.intercept_[0] + design @ model.coef_[0, 1:]
    slope = float(model.coef_[0, 0])
    if slope <= 0:
        raise DatasetError("judgements: tags that are right do not have the higher scores, so there are no levels")
    return slope, dict(zip(names, offsets.tolist(), strict=True))


def _measure(
    judgements: Sequence[Judgement], scores: Mapping[tuple[str, str], float], tags: Mapping[str, Category]
) -> tuple[LevelPrecision, ...]:
    """Count the verdicts of each level, by levels that were fitted on the judgements of other clips."""
    clips = sorted({judgement.clip for judgement in judgements})
    fold_of = {clip: i % FOLDS for i, clip in enumerate(clips)}
    counts = {level: {"right": 0, "wrong": 0, "unknown": 0} for level in LEVELS}
    for fold in range(FOLDS):
        known = [j for j in judgements if fold_of[j.clip] != fold and j.verdict != "unknown"]
        right = np.array([j.verdict == "right" for j in known])
        if right.all() or not right.any():
            continue
        x = np.array([logit(scores[j.clip, j.tag]) for j in known])
        slope, offsets = _fit(x, [j.tag for j in known], right, tags)
        levels = Levels(slope=slope, offsets=offsets)
        for j in judgements:
            if fold_of[j.clip] == fold:
                level = level_of(levels.probability(j.tag, scores[j.clip, j.tag]))
                if level is not None:
                    counts[level][j.verdict] += 1
    return tuple(LevelPrecision(level=level, **verdicts) for level, verdicts in counts.items())
