"""Whether the student knows what people say of music."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from benchmarks.measure import PROJECT
from benchmarks.quality.comparison import NOT_BELOW, Resampling, Row, Target, mean_auc, within
from benchmarks.quality.panel import Panel, Voice, known
from taggram.vocabularies import VocabularyMap

QUESTION = "labels of people"
METRIC = "ROC-AUC, mean over labels"
POSITIVES = 4  # from which on nearly every resample has some
MAP = PROJECT / "recipes" / "default-labels.tsv"


@dataclass(frozen=True, eq=False)
class Labelled:
    """Clips of some splits with what is true of them and what was said.

    Attributes
    ----------
    names
        The labels that have positives and negatives there and that the student knows.
    truth
        Shape (clips, labels).
    student, teachers, ensemble
        Scores, shape (clips, labels); NaN where a teacher does not know a label.
    """

    names: tuple[str, ...]
    truth: npt.NDArray[np.bool_]
    student: npt.NDArray[np.float32]
    teachers: dict[str, npt.NDArray[np.float32]]
    ensemble: npt.NDArray[np.float32]

    @property
    def frequent(self) -> npt.NDArray[np.bool_]:
        """Which labels have enough positives for a figure that does not hang on one or two clips."""
        return self.truth.sum(axis=0) >= POSITIVES

    @classmethod
    def of(cls, panel: Panel, *splits: str) -> Labelled:
        """Bring labels and scores together; the score of a label is the highest of the tags that mean it."""
        words = VocabularyMap.read(MAP).inverse()
        chosen = panel.clips.in_splits(*splits)
        truth = panel.clips.has(words.target.names)[chosen]
        student = words.scores(panel.student.scores)[chosen]
        usable = known(student) & truth.any(axis=0) & ~truth.all(axis=0)

        def said(scores: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
            return words.scores(scores)[chosen][:, usable]

        return cls(
            tuple(np.array(words.target.names)[usable]),
            truth[:, usable],
            student[:, usable],
            {teacher.name: said(teacher.scores) for teacher in panel.teachers},
            said(panel.ensemble),
        )


def best_teacher(panel: Panel) -> Voice:
    """Choose the single teacher that knows most, on train and valid clips, so that no test clip has a say.

    All labels count for all teachers: one that a teacher does not know counts 0.5, what a constant answer gets.
    """
    labelled = Labelled.of(panel, "train", "valid")

    def worth(teacher: Voice) -> float:
        scores = np.nan_to_num(labelled.teachers[teacher.name], nan=0.5)
        return mean_auc(scores, labelled.truth)

    return max(panel.teachers, key=worth)


def compare(panel: Panel, resampling: Resampling) -> list[Row]:
    """Compare on the test clips: with the best teacher, the ensemble, then with each other teacher."""
    test = Labelled.of(panel, "test")
    best = best_teacher(panel).name
    rows = []

    def add(
        other: str,
        scores: npt.NDArray[np.float32],
        which: npt.NDArray[np.bool_],
        data: str,
        target: Target | None = None,
    ) -> None:
        if which.any():
            found = resampling.paired(mean_auc, test.student[:, which], scores[:, which], test.truth[:, which])
            rows.append(Row(QUESTION, data, METRIC, tags=int(which.sum()), other=other, target=target, **found))

    name = f"{panel.clips.name} test"
    best_scores = test.teachers[best]
    add(f"best teacher: {best}", best_scores, known(best_scores), f"{name}, labels it knows", NOT_BELOW)
    add("ensemble", test.ensemble, known(test.ensemble), name, within(0.01))
    frequent = f"with {POSITIVES} clips or more"
    add(f"best teacher: {best}", best_scores, known(best_scores) & test.frequent, f"{name}, labels it knows {frequent}")
    add("ensemble", test.ensemble, known(test.ensemble) & test.frequent, f"{name}, labels {frequent}")
    common = known(*test.teachers.values())
    add(f"best teacher: {best}", best_scores, common, f"{name}, labels all know")
    for teacher, scores in test.teachers.items():
        if teacher != best:
            add(teacher, scores, known(scores), f"{name}, labels it knows")
    return rows
