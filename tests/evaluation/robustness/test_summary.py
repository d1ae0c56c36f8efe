"""Robustness is computed from stored scores: known drops come out, changed tags stay out, and models share clips."""

from __future__ import annotations

import csv
import io
import math
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from taggram.evaluation import (
    EvaluationInfo,
    EvaluationResult,
    LabelledScores,
    Protocol,
    Robustness,
    report,
    summarize_robustness,
)
from taggram.evaluation.compare import compare
from taggram.evaluation.evaluation_result import Mode
from taggram.evaluation.robustness.robustness_table import RobustnessTable
from taggram.evaluation.robustness.tables import robustness_tables
from taggram.metrics import average_precision, roc_auc
from taggram.vocabularies import Vocabulary

TAGS = {"piano": "instrument", "guitar": "instrument", "happy": "mood", "fast": "tempo"}
CLIPS = 90
RNG = np.random.default_rng(0)
TRUTH = RNG.random((CLIPS, len(TAGS))) < (0.5, 0.3, 0.2, 0.3)
CLEAN = TRUTH + RNG.normal(size=TRUTH.shape)
NOISE = RNG.normal(size=TRUTH.shape)


def result(
    scores: NDArray[np.float64],
    deformation: str = "",
    model: str = "a",
    mode: Mode = "own",
    rows: slice = slice(None),
    tags: dict[str, str] = TAGS,
) -> EvaluationResult:
    protocol = Protocol(
        name="known",
        dataset="table",
        subset="own",
        split_hash="0" * 12,
        vocabulary=Vocabulary(name="known", tags=tags),
        deformation=deformation,
    )
    info = EvaluationInfo(
        protocol=protocol,
        protocol_hash=protocol.hash,
        model=model,
        model_hash=model * 64,
        mode=mode,
        sources={tag: (tag,) for tag in tags},
    )
    clips = np.array([f"clip {i}" for i in range(CLIPS)])
    groups = np.array([f"artist {i // 3}" for i in range(CLIPS)])
    truth = TRUTH if mode == "own" else np.zeros(scores.shape, bool)
    test = LabelledScores(clips[rows], groups[rows], tuple(tags), scores.astype(np.float32)[rows], truth[rows])
    return EvaluationResult(Path(f"{model} {deformation} {mode}"), info.sealed({"key": deformation}), test, None)


def summarize(*results: EvaluationResult) -> RobustnessTable:
    (table,) = summarize_robustness(results, resamples=100).tables
    return table


def test_retained_ap_is_that_of_the_scores() -> None:
    noisy = CLEAN + NOISE
    table = summarize(result(CLEAN), result(noisy, "noise=20"), result(CLEAN, "gain=-6"))
    (model,) = table.models
    before, after = (average_precision(scores, TRUTH) for scores in (CLEAN, noisy))
    chance = TRUTH.mean(axis=0)
    expected = (after - chance).sum() / (before - chance).sum()
    assert model.by_deformation["noise"].value == pytest.approx(expected) and 0 < expected < 0.9
    assert model.by_deformation["gain"] == (1, 1, 1)
    assert model.robustness.value == pytest.approx((1 + expected) / 2)
    assert model.robustness.low < model.robustness.value < model.robustness.high <= 1
    drop = model.conditions[1].drops["average_precision"]
    assert [condition.deformation.name for condition in model.conditions] == ["gain", "noise"]
    assert drop.value.value == pytest.approx(after.mean())
    assert drop.change.value == pytest.approx((after - before).mean()) and drop.change.high < 0
    np.testing.assert_allclose(drop.tags[:, 0], after - before)
    assert drop.categories["instrument"].value == pytest.approx((after - before)[:2].mean())
    assert model.conditions[1].drops["roc_auc"].value.value == pytest.approx(roc_auc(noisy, TRUTH).mean())
    assert model.clean["average_precision"].value == pytest.approx(before.mean())


def test_intervals_of_changes_are_paired() -> None:
    table = summarize(result(CLEAN), result(CLEAN + 0.05 * NOISE, "noise=20"))
    drop = table.models[0].conditions[0].drops["roc_auc"]
    assert drop.change.high - drop.change.low < (drop.value.high - drop.value.low) / 3


def test_strengths_are_averaged_before_deformations() -> None:
    results = [result(CLEAN)]
    results += [result(CLEAN + NOISE, f"noise={snr}") for snr in (5, 10, 20)]
    results += [result(CLEAN + 0.5 * NOISE, "gain=-6")]
    (model,) = summarize(*results).models
    few = summarize(*results[:2], results[-1]).models[0]
    assert model.robustness.value == pytest.approx(few.robustness.value)
    assert [condition.deformation.strength for condition in model.of("noise")] == ["5", "10", "20"]


def test_tags_that_a_deformation_changes_are_left_out_and_listed() -> None:
    scores = CLEAN.copy()
    scores[:, 3] = NOISE[:, 3]  # only "fast" gets lost
    table = summarize(result(CLEAN), result(scores, "time_stretch=1.2"), result(scores, "noise=20"))
    (model,) = table.models
    assert model.by_deformation["time_stretch"].value == 1 and model.by_deformation["noise"].value < 0.95
    (stretched,) = model.of("time_stretch")
    assert stretched.drops["average_precision"].change.value == 0
    assert stretched.drops["average_precision"].tags[3, 0] < -0.1
    files = {table.name: table.to_csv() for table in robustness_tables(Robustness((table,), 100, 0))}
    rows = list(csv.DictReader(io.StringIO(files["known-own-robustness-tags"])))
    assert {(row["tag"], row["deformation"]) for row in rows if row["tag_changed"] == "yes"} == {
        ("fast", "time_stretch")
    }
    assert set(files) == {f"known-own-robustness{part}" for part in ("", "-strengths", "-tags", "-categories")}


def test_models_are_compared_on_tags_and_deformations_that_all_have() -> None:
    lacking = np.column_stack([CLEAN[:, :3], np.full(CLIPS, np.nan)])
    lost = np.column_stack([CLEAN[:, :3], NOISE[:, 3]])
    table = summarize(
        result(CLEAN),
        result(lost, "noise=20"),
        result(CLEAN + NOISE, "gain=-6"),
        result(lacking, model="b"),
        result(lacking + NOISE, "noise=20", model="b"),
        result(CLEAN, model="c"),
    )
    assert table.common_tags.tolist() == [True, True, True, False]
    assert list(map(str, table.deformations)) == ["noise=20"]
    first, second = table.models
    assert (first.name, second.name) == ("a", "b")
    assert first.robustness.value == 1 and first.own_tags < 0.95 and first.own_tags_number == 4
    assert second.own_tags == pytest.approx(second.robustness.value) and second.own_tags_number == 3


def test_only_clips_that_are_everywhere_count() -> None:
    table = summarize(result(CLEAN, rows=slice(0, 60)), result(CLEAN + NOISE, "noise=20", rows=slice(30, 90)))
    assert (table.clips, table.groups) == (30, 10)
    after = average_precision((CLEAN + NOISE)[30:60], TRUTH[30:60]).mean()
    assert table.models[0].conditions[0].drops["average_precision"].value.value == pytest.approx(after)


def test_agreement_needs_no_labels_nor_common_tags() -> None:
    other = {f"{tag} 2": "other" for tag in list(TAGS) * 1} | {f"more {i}": "other" for i in range(8)}
    wide = RNG.random((CLIPS, len(other)))
    ten = {f"tag {i}": "other" for i in range(10)}
    scores = RNG.random((CLIPS, 10))
    table = summarize(
        result(scores, mode="unlabelled", tags=ten),
        result(scores + 0.2 * RNG.random(scores.shape), "noise=20", mode="unlabelled", tags=ten),
        result(wide, model="b", mode="unlabelled", tags=other),
        result(wide, "noise=20", model="b", mode="unlabelled", tags=other),
    )
    assert [model.name for model in table.models] == ["b", "a"] and not table.has_labels
    assert table.models[0].robustness.value == pytest.approx(1)
    noisy = table.models[1].robustness
    assert 0.5 < noisy.low < noisy.value < noisy.high < 1
    assert table.models[1].clean == {} and table.models[1].conditions[0].drops == {}
    names = [made.name for made in robustness_tables(Robustness((table,), 100, 0))]
    assert names == ["known-unlabelled-robustness", "known-unlabelled-robustness-strengths"]


def test_one_artist_has_no_interval() -> None:
    rows = slice(0, 3)
    (model,) = summarize(result(CLEAN, rows=rows), result(NOISE, "noise=20", rows=rows)).models
    assert math.isnan(model.robustness.low)


def test_results_of_clips_as_they_are_have_no_robustness() -> None:
    assert summarize_robustness([result(CLEAN), result(CLEAN, model="b")]).tables == ()
    assert summarize_robustness([result(CLEAN), result(CLEAN, "gain=-6", model="b")]).tables == ()


def test_the_report_has_it(tmp_path: Path) -> None:
    results = [result(CLEAN), result(CLEAN + NOISE, "noise=20"), result(CLEAN + NOISE, "noise=10")]
    robustness = summarize_robustness(results, resamples=50)
    report(compare(results, resamples=50), tmp_path / "with.html", robustness)
    report(compare(results, resamples=50), tmp_path / "without.html")
    page, plain = ((tmp_path / name).read_text(encoding="utf-8") for name in ("with.html", "without.html"))
    assert 'id="robustness"' in page and 'id="robustness"' not in plain
    value = robustness.tables[0].models[0].robustness.value
    assert f"{value:.3f}" in page and page.count("known-own-robustness") > 2
    change = robustness.tables[0].models[0].conditions[0].drops["average_precision"].categories["mood"].value
    assert "<i>mood</i>" in page and "change of AP of each tag" in page and change < 0
