"""Whether scores mean what they say."""

from __future__ import annotations

from benchmarks.quality.comparison import Resampling, Row
from benchmarks.quality.labels import POSITIVES, Labelled, best_teacher
from benchmarks.quality.panel import Panel, known
from taggram.metrics import expected_calibration_error

QUESTION = "calibration (0 is best)"


def compare(panel: Panel, resampling: Resampling) -> list[Row]:
    """Compare the expected calibration errors on the test clips, over labels with enough positives."""
    test = Labelled.of(panel, "test")
    best = best_teacher(panel).name
    rows = []
    for other, scores in ((f"best teacher: {best}", test.teachers[best]), ("ensemble", test.ensemble)):
        which = test.frequent & known(scores)
        rows.append(
            Row(
                QUESTION,
                f"{panel.clips.name} test, labels that both know with {POSITIVES} clips or more",
                "expected calibration error",
                tags=int(which.sum()),
                other=other,
                **resampling.paired(
                    expected_calibration_error, test.student[:, which], scores[:, which], test.truth[:, which]
                ),
            )
        )
    return rows
