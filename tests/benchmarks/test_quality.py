"""What `benchmarks.quality` and `benchmarks.finalists` write."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest
from benchmarks.quality import show, write

from benchmarks import finalists
from taggram import ModelCard
from taggram.evaluation.teachers.labelled_clips import LabelledClips
from taggram.evaluation.teachers.results import ComparisonResult, Resampling, at_least
from taggram.evaluation.teachers.teacher_comparison import ModelScores, TeacherComparison
from taggram.metrics import Interval
from taggram.models.directories import find_model
from taggram.tagging import DEFAULT_MODEL

RESULTS = [
    ComparisonResult("agreement", "a test", "Spearman", 9, 5, Interval(0.5, 0.4, 0.6), target=at_least(0.6)),
    ComparisonResult(
        *("labels", "a test", "ROC-AUC", 9, 5, Interval(0.5, 0.4, 0.6)),
        *("other model", Interval(0.4, 0.3, 0.5), Interval(0.1, 0.0, 0.2), at_least(0.5)),
    ),
]


def test_results_are_written_and_shown(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    card = ModelCard.read(find_model(DEFAULT_MODEL)).replace(name="a.model", files={"model.onnx": "123"})
    write(RESULTS, tmp_path / "out" / "quality.csv", card, Resampling(20))
    show(RESULTS)
    assert "0.100 (0.000 to 0.200)" in capsys.readouterr().out
    with (tmp_path / "out" / "quality.csv").open(encoding="utf-8") as file:
        first, second = csv.DictReader(file)
    assert (first["student_figure"], first["other_low"], first["met"]) == ("0.5000", "", "no")
    assert (second["other"], second["difference_high"], second["met"]) == ("other model", "0.2000", "yes")
    assert (second["model"], second["model_sha256"]) == ("a.model", "123")
    assert (second["seed"], second["resamples"]) == ("0", "20")


def test_the_committed_results_have_the_columns_that_are_written(tmp_path: Path) -> None:
    write(RESULTS, tmp_path / "quality.csv", ModelCard.read(find_model(DEFAULT_MODEL)), Resampling())
    committed = Path(finalists.__file__).parent / "results" / "quality.csv"
    assert committed.read_text().splitlines()[0] == (tmp_path / "quality.csv").read_text().splitlines()[0]


def test_finalists_are_compared_on_validation_clips_only() -> None:
    rng = np.random.default_rng(0)
    n, splits = 90, np.repeat(["train", "valid", "test"], 30)
    names = ["mer4q/jazz", "mer4q/country", "mer4q/blues"]
    genres = tuple(frozenset(rng.choice(names, 2, replace=False).tolist()) for _ in range(n))
    blank = np.array([str(i) for i in range(n)])
    clips = LabelledClips("mer4q", tuple(map(Path, blank)), blank, blank, splits, blank, genres, (frozenset(),) * n)
    first = rng.random((n, 94), np.float32)
    second = (first + rng.normal(0, 0.1, first.shape)).clip(0, 1).astype(np.float32)
    student, teacher = ModelScores("a", first, first.copy()), ModelScores("b", second, second.copy())
    comparison = TeacherComparison(clips, student, (teacher,), (1,))
    values = finalists.metrics([comparison, comparison])
    assert values["clips"] == 2 * 30 and values["labels"] == 3
    assert values["spearman"] > 0.8 and values["top_decile_roc_auc"] > 0.8
    others = splits != "valid"
    first[others], student.embeddings[others] = 0, 0
    assert finalists.metrics([comparison, comparison]) == values
    first[~others] *= -1
    assert finalists.metrics([comparison, comparison])["spearman"] == pytest.approx(-values["spearman"], abs=1e-3)
