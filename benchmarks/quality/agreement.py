"""Whether the student says what its teachers say, of clips that it was not trained on."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from benchmarks.quality.comparison import Resampling, Row, at_least, mean_auc
from benchmarks.quality.panel import Panel, known
from taggram.evaluation import macro, spearman

QUESTION = "agreement with the ensemble"
TOP = 0.9  # a tag holds for the clips whose ensemble score is above this quantile of all


def compare(panels: Sequence[Panel], resampling: Resampling) -> list[Row]:
    """Compare the student with the ensemble on the test clips of all data sets, taken together."""
    student = np.concatenate([panel.student.scores[panel.clips.in_splits("test")] for panel in panels])
    teachers = np.concatenate([panel.ensemble[panel.clips.in_splits("test")] for panel in panels])
    both = known(student, teachers)
    student, teachers = student[:, both], teachers[:, both]
    top = teachers > np.quantile(teachers, TOP, axis=0)
    data = ", ".join(f"{panel.clips.name} test" for panel in panels)
    tags = int(both.sum())
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
            **resampling.alone(mean_auc, student, top),
        ),
    ]
