"""Whether the student says what its teachers say, of clips that it was not trained on."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from benchmarks.quality.comparison import Resampling, Row, at_least, mean_auc
from benchmarks.quality.panel import Panel, known
from taggram.metrics import macro, spearman

Scores = npt.NDArray[np.float32]  # (clips, tags)

QUESTION = "agreement with the ensemble"
TOP = 0.9  # a tag holds for the clips whose ensemble score is above this quantile of all


def compare(panels: Sequence[Panel], resampling: Resampling) -> list[Row]:
    """Compare the student with the ensemble on the test clips of all data sets, taken together."""
    student, teachers = said(panels, "test")
    data = ", ".join(f"{panel.clips.name} test" for panel in panels)
    tags = student.shape[1]
    return [
        Row(
            QUESTION,
            data,
            "Spearman, mean over tags",
            tags=tags,
            target=at_least(0.85),
            **resampling.alone(lambda a, b: macro(spearman(a, b)).mean, student, teachers),
        ),
        Row(
            QUESTION,
            data,
            "ROC-AUC of the ensemble's top tenth, mean over tags",
            tags=tags,
            target=at_least(0.97),
            **resampling.alone(mean_auc, student, top(teachers)),
        ),
    ]


def said(panels: Sequence[Panel], split: str) -> tuple[Scores, Scores]:
    """Return what student and ensemble say of the clips of one split, of all data sets: the tags that both know."""
    student, teachers = (
        np.concatenate([scores(panel)[panel.clips.in_splits(split)] for panel in panels])
        for scores in (lambda panel: panel.student.scores, lambda panel: panel.ensemble)
    )
    both = known(student, teachers)
    return student[:, both], teachers[:, both]


def top(teachers: Scores) -> npt.NDArray[np.bool_]:
    """Return which clips have a tag, as the teachers say."""
    return teachers > np.quantile(teachers, TOP, axis=0)
