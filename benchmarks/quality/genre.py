"""Whether the student tells four genres apart, on recordings that MagnaTagATune does not hold."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt

from benchmarks.quality.comparison import NOT_BELOW, Resampling, Row
from benchmarks.quality.held import held
from benchmarks.quality.panel import TAGS, Panel
from taggram.metrics import accuracy

QUESTION = "which of four genres"
TEACHER = "musicnn_pons.mtat-pons2019"


def compare(panel: Panel, index: Path, resampling: Resampling) -> list[Row]:
    """Compare how often the highest of the four tags is the genre, with the published MusicNN and with the ensemble.

    A tag that a model does not know is never its highest.
    """
    clips = panel.clips
    genres = np.unique(clips.classes)
    columns = [TAGS.index(genre) for genre in genres]
    known = held(clips.artists, clips.titles, index)
    teacher = next(teacher for teacher in panel.teachers if teacher.name == TEACHER)
    rows = []
    for which, name in ((clips.in_splits("test"), f"{clips.name} test"), (np.ones(len(clips), bool), clips.name)):
        unseen = which & ~known

        def said(scores: npt.NDArray[np.float32], unseen: npt.NDArray[np.bool_] = unseen) -> npt.NDArray[np.str_]:
            choice: npt.NDArray[np.str_] = genres[np.nanargmax(scores[unseen][:, columns], axis=1)]
            return choice

        for other, scores in ((TEACHER, teacher.scores), ("ensemble", panel.ensemble)):
            rows.append(
                Row(
                    QUESTION,
                    f"{name}, without {(which & known).sum()} of {which.sum()} that MagnaTagATune holds",
                    "accuracy",
                    tags=len(genres),
                    other=other,
                    target=NOT_BELOW if other == TEACHER else None,
                    **resampling.paired(accuracy, said(panel.student.scores), said(scores), clips.classes[unseen]),
                )
            )
    return rows
