"""Comparison of models by stored scores."""

from __future__ import annotations

import csv
import dataclasses
import io
import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from command_line import run
from numpy.typing import NDArray

from taggram.errors import EvaluationError
from taggram.evaluation import Comparison, EvaluationInfo, EvaluationResult, LabelledScores, Protocol, compare
from taggram.evaluation.comparison.comparison_metrics import fit_f1_thresholds
from taggram.evaluation.comparison.export import write_comparison, write_csv
from taggram.evaluation.comparison.letters import letter_display
from taggram.evaluation.comparison.mean_curves import GRID, mean_pr_curve, mean_roc_curve
from taggram.evaluation.comparison.pareto import costs, pareto_front
from taggram.evaluation.comparison.tables import Table, comparison_tables
from taggram.evaluation.evaluation_result import EvaluationCost, write_result
from taggram.metrics import Interval, average_precision, macro, permutation_test_average, roc_auc
from taggram.vocabularies import Vocabulary

CLIPS, TAGS = 150, 5


def protocol(**changes: Any) -> Protocol:
    vocabulary = Vocabulary.from_names([f"tag {i}" for i in range(TAGS)])
    return Protocol(name="p", dataset="mtat", subset="full", split_hash="1", vocabulary=vocabulary).replace(**changes)


def truth(clips: int = CLIPS) -> NDArray[np.bool_]:
    return np.random.default_rng(0).random((clips, TAGS)) < 0.25


def scores_of(quality: float, seed: int, labels: NDArray[np.bool_] | None = None) -> NDArray[np.float32]:
    labels = truth() if labels is None else labels
    noise = np.random.default_rng(seed).normal(size=labels.shape)
    return (1 / (1 + np.exp(-(quality * labels + noise - 1)))).astype(np.float32)


def result(
    name: str,
    scores: NDArray[np.float32],
    labels: NDArray[np.bool_] | None = None,
    *,
    ids: list[str] | None = None,
    valid: bool = False,
    **changes: Any,
) -> EvaluationResult:
    labels = truth(len(scores)) if labels is None else labels
    ids = [str(i) for i in range(len(scores))] if ids is None else ids
    groups = np.array([f"artist {int(clip) // 2}" for clip in ids])
    used = changes.pop("protocol", protocol())
    labelled = LabelledScores(np.array(ids), groups, used.vocabulary.names, scores, labels)
    fields = {"mode": "own", "model_hash": name, "cost": EvaluationCost(parameters=len(name))} | changes
    info = EvaluationInfo(protocol=used, protocol_hash=used.hash, model=name, sources={}, **fields)
    return EvaluationResult(Path(name), info.sealed({}), labelled, labelled if valid else None)


def only(comparison: Comparison) -> Any:
    (table,) = comparison.tables
    return table


@pytest.fixture(scope="module")
def three() -> Comparison:
    return compare(
        [result("poor", scores_of(0.2, 1)), result("good", scores_of(2, 2)), result("fair", scores_of(1.9, 3))]
    )


def test_models_are_ranked_by_the_first_metric(three: Comparison) -> None:
    table = only(three)
    assert [model.name for model in table.models] == ["good", "fair", "poor"]
    assert table.reference == "good"
    for model in table.models:
        for name, metric in (("roc_auc", roc_auc), ("average_precision", average_precision)):
            value = model.metrics[name]
            assert value.mean.value == pytest.approx(macro(metric(model.scores, truth())).mean)
            assert value.mean.low < value.mean.value < value.mean.high
            assert np.array_equal(value.per_tag, metric(model.scores, truth()))
            assert value.own_tags == (pytest.approx(value.mean.value), TAGS)


def test_differences_are_paired(three: Comparison) -> None:
    good, fair, poor = only(three).models
    difference = fair.metrics["roc_auc"].difference
    assert difference.value == pytest.approx(fair.metrics["roc_auc"].mean.value - good.metrics["roc_auc"].mean.value)
    assert good.metrics["roc_auc"].difference == Interval(0, 0, 0)
    shifted = compare([result("a", good.scores), result("b", good.scores * np.float32(0.5))])  # the same order
    assert only(shifted).models[1].metrics["roc_auc"].difference == Interval(0, 0, 0)
    assert poor.metrics["roc_auc"].difference.high < 0
    first, low, high = poor.metrics["roc_auc"].per_tag_difference.T
    assert (low < first).all() and (first < high).all()


def test_a_named_model_is_the_reference(three: Comparison) -> None:
    results = [result("poor", scores_of(0.2, 1)), result("good", scores_of(2, 2))]
    table = only(compare(results, reference="poor"))
    assert table.reference == "poor"
    assert table.models[0].metrics["roc_auc"].difference.low > 0
    with pytest.raises(EvaluationError, match="no result is of a model named 'godo'; did you mean good"):
        compare(results, reference="godo")


def test_groups_of_equal_models(three: Comparison) -> None:
    good, fair, poor = (model.metrics["roc_auc"].letters for model in only(three).models)
    assert (good, fair, poor) == ("a", "a", "b")
    pairs = {(pair.first, pair.second): pair for pair in only(three).pairs if pair.metric == "roc_auc"}
    assert pairs["good", "poor"].differ and not pairs["good", "fair"].differ
    assert all(pair.p_adjusted >= pair.p for pair in pairs.values())


def test_p_values_are_near_those_of_a_permutation_test() -> None:
    rng = np.random.default_rng(0)
    for seed in range(4):
        a, b = scores_of(1.5, seed), scores_of(1.2, seed + 10)
        (pair,) = (p for p in only(compare([result("a", a), result("b", b)])).pairs if p.metric == "roc_auc")
        groups = np.arange(CLIPS) // 2
        test = permutation_test_average(roc_auc, a, b, truth(), groups=groups, rng=rng, permutations=2000)
        assert pair.p == pytest.approx(test.p, abs=0.05)
        assert abs(pair.difference.value) == pytest.approx(abs(test.difference))


def test_equal_models_rarely_differ() -> None:
    values = []
    for seed in range(60):
        labels = np.random.default_rng(seed).random((40, TAGS)) < 0.3
        pair = [result(str(i), scores_of(1, 2 * seed + i, labels), labels) for i in range(2)]
        values.append(only(compare(pair, metrics=["roc_auc"], resamples=200)).pairs[0].p)
    assert np.mean(np.array(values) < 0.05) <= 0.13  # of 60, a level of 5 % exceeds this once in a hundred times
    assert 0.3 < np.mean(values) < 0.7


def test_the_same_scores_do_not_differ() -> None:
    table = only(compare([result("a", scores_of(1, 1)), result("b", scores_of(1, 1))]))
    assert {(pair.difference, pair.p) for pair in table.pairs} == {(Interval(0, 0, 0), 1.0)}
    assert [model.metrics["roc_auc"].letters for model in table.models] == ["a", "a"]


def test_one_model_has_no_pairs() -> None:
    table = only(compare([result("a", scores_of(1, 1))]))
    assert table.pairs == () and table.agreement == {}
    assert table.models[0].metrics["roc_auc"].letters == "a"


def test_models_are_compared_on_the_tags_that_all_have() -> None:
    scores, fewer = scores_of(1, 1), scores_of(1, 2)
    fewer[:, 3:] = np.nan
    table = only(compare([result("all", scores), result("fewer", fewer)]))
    assert table.common_tags.tolist() == [True] * 3 + [False] * 2
    values = {model.name: model.metrics["roc_auc"] for model in table.models}
    assert values["all"].mean.value == pytest.approx(macro(roc_auc(scores[:, :3], truth()[:, :3])).mean)
    assert values["all"].own_tags == (pytest.approx(macro(roc_auc(scores, truth())).mean), 5)
    assert values["fewer"].own_tags.tags == 3
    assert not np.isnan(values["all"].per_tag).any() and np.isnan(values["fewer"].per_tag[3:]).all()
    other = scores_of(1, 3)
    other[:, :3] = np.nan
    with pytest.raises(EvaluationError, match="fewer, other have no tag of p in common"):
        compare([result("fewer", fewer), result("other", other)])


def test_models_are_compared_on_the_clips_that_all_have() -> None:
    labels, scores = truth(), scores_of(1, 1)
    kept = np.arange(CLIPS) != 7
    ids = [str(i) for i in np.arange(CLIPS)[kept][::-1]]  # in another order, too
    fewer = result("fewer", scores_of(1, 2)[kept][::-1], labels[kept][::-1], ids=ids)
    table = only(compare([result("all", scores), fewer]))
    assert len(table.clips) == CLIPS - 1 and table.left_out == 1
    values = {model.name: model.metrics["roc_auc"].mean.value for model in table.models}
    assert values["all"] == pytest.approx(macro(roc_auc(scores[kept], labels[kept])).mean)
    assert values["fewer"] == pytest.approx(macro(roc_auc(scores_of(1, 2)[kept], labels[kept])).mean)
    apart = result("apart", scores[:2], labels[:2], ids=["900", "901"])
    with pytest.raises(EvaluationError, match="have no clip in common"):
        compare([result("all", scores), apart])


def test_tags_may_be_in_another_order() -> None:
    names = protocol().vocabulary.names[::-1]
    turned = protocol(vocabulary=Vocabulary.from_names(names))
    other = result("b", scores_of(1, 1)[:, ::-1].copy(), truth()[:, ::-1].copy(), protocol=turned)
    table = only(compare([result("a", scores_of(1, 1)), other]))
    assert {pair.difference for pair in table.pairs} == {Interval(0, 0, 0)}


def test_other_protocols_are_refused_with_what_differs() -> None:
    others = {"aggregation": {"aggregation": "max"}, "split": {"split_hash": "2"}, "dataset": {"dataset": "gtzan"}}
    for field, change in others.items():
        with pytest.raises(EvaluationError, match=f"not comparable: they differ in {field}$"):
            compare([result("a", scores_of(1, 1)), result("b", scores_of(1, 2), protocol=protocol(**change))])


def test_other_labels_are_refused() -> None:
    changed = truth()
    changed[3, 0] ^= True
    with pytest.raises(EvaluationError, match="the clip 3 has other labels or another artist in b than in a"):
        compare([result("a", scores_of(1, 1)), result("b", scores_of(1, 2), changed)])


def test_askings_are_in_tables_of_their_own() -> None:
    probe = result("a", scores_of(1, 2), mode="probe")
    comparison = compare([result("a", scores_of(1, 1)), probe, result("b", scores_of(1, 3))])
    assert [(table.mode, len(table.models)) for table in comparison.tables] == [("own", 2), ("probe", 1)]
    rows = list(csv.DictReader(io.StringIO(next(comparison_tables(comparison)).to_csv())))
    a, b = sorted(rows, key=lambda row: row["model"])
    assert float(a["own_roc_auc"]) != float(a["probe_roc_auc"])
    assert b["own_roc_auc"] and b["probe_roc_auc"] == b["probe_roc_auc_low"] == ""


def test_models_of_the_same_name_are_told_apart() -> None:
    one, two = (result("a", scores_of(1, seed), model_hash=f"{seed}" * 64) for seed in (1, 2))
    assert {m.name for m in only(compare([one, two])).models} == {"a (11111111)", "a (22222222)"}
    assert [m.name for m in only(compare([one, one])).models] == ["a"]
    again = dataclasses.replace(
        two, folder=Path("there"), info=two.info.replace(model_hash="1" * 64, time="later").sealed({})
    )
    assert {m.name for m in only(compare([one, again])).models} == {"a (11111111) (a)", "a (11111111) (there)"}


def test_constant_scores() -> None:
    constant = np.full((CLIPS, TAGS), 0.5, np.float32)
    table = only(compare([result("a", scores_of(2, 1)), result("constant", constant)]))
    good, worst = table.models
    assert worst.metrics["roc_auc"].mean == Interval(0.5, 0.5, 0.5)
    assert worst.metrics["roc_auc"].letters == "b" != good.metrics["roc_auc"].letters
    both = only(compare([result("a", constant), result("b", constant)]))
    assert both.pairs[0].p == 1


def test_one_clip_and_one_artist_have_no_intervals() -> None:
    one = only(compare([result("a", scores_of(1, 1)[:1]), result("b", scores_of(1, 2)[:1])]))
    assert np.isnan(one.models[0].metrics["roc_auc"].mean).all() and np.isnan(one.pairs[0].p)
    assert not one.pairs[0].differ
    labels = np.array([[True] * TAGS, [False] * TAGS])
    artist = only(
        compare([result("a", scores_of(1, 1, labels), labels), result("b", 1 - scores_of(1, 1, labels), labels)])
    )
    value = artist.models[0].metrics["roc_auc"].mean
    assert value.value > 0.5 and np.isnan(value.low) and np.isnan(artist.pairs[0].p)


def test_few_artists_decide_nothing() -> None:
    labels = np.array([[True] * TAGS, [False] * TAGS] * 3)
    perfect, reverse = labels.astype(np.float32), 1 - labels.astype(np.float32)
    pair = only(compare([result("a", perfect, labels), result("b", reverse, labels)])).pairs[0]
    assert pair.difference == Interval(1, 1, 1) and pair.p == 0.25  # three artists: 2 of 2^3 exchanges


def test_a_tag_without_positives_is_left_out() -> None:
    labels = truth()
    labels[:, 0] = False
    table = only(compare([result("a", scores_of(1, 1), labels), result("b", scores_of(1, 2), labels)]))
    value = table.models[0].metrics["roc_auc"]
    assert (
        np.isnan(value.per_tag[0]) and np.isnan(value.per_tag_difference[0]).all() and value.own_tags.tags == TAGS - 1
    )
    assert value.mean.value == pytest.approx(np.nanmean(value.per_tag))


def test_metrics_of_predicted_tags_need_validation_clips() -> None:
    with pytest.raises(EvaluationError, match="a: MCC needs thresholds"):
        compare([result("a", scores_of(1, 1))], metrics=["mcc"])
    with pytest.raises(EvaluationError, match="metric named 'rocauc'; did you mean roc_auc"):
        compare([result("a", scores_of(1, 1))], metrics=["rocauc"])
    results = [result(str(i), scores_of(q, i), valid=True) for i, q in enumerate((0.5, 1.0, 2.0))]
    comparison = compare(results, metrics=["mcc", "roc_auc", "pr_auc"])
    assert [model.name for model in only(comparison).models] == ["2", "1", "0"]
    agreement = only(comparison).agreement
    assert set(agreement) == {("mcc", "roc_auc"), ("mcc", "pr_auc"), ("roc_auc", "pr_auc")}
    assert all(interval.value == 1 and interval.low <= 1 == interval.high for interval in agreement.values())


def test_thresholds_have_the_best_f1() -> None:
    labels = result("a", np.round(scores_of(1, 1), 1)).test  # with ties
    thresholds = fit_f1_thresholds(labels)
    for tag in range(TAGS):
        scores, tags = labels.scores[:, tag], labels.truth[:, tag]

        def f1(threshold: float, scores: Any = scores, tags: Any = tags) -> float:
            predicted = scores >= threshold
            return float(2 * (predicted & tags).sum() / (predicted.sum() + tags.sum()))

        assert f1(thresholds[tag]) == max(map(f1, scores.tolist()))
    constant = np.full((CLIPS, TAGS), 0.5, np.float32)
    assert (fit_f1_thresholds(result("a", constant).test) == 0.5).all()


def test_one_class_per_clip() -> None:
    classes = np.random.default_rng(0).integers(TAGS, size=CLIPS)
    labels = np.arange(TAGS) == classes[:, None]
    results = [result(str(i), scores_of(q, i, labels), labels) for i, q in enumerate((1.0, 4.0))]
    table = only(compare(results, metrics=["accuracy", "balanced_accuracy"]))
    best, worst = table.models
    right = [model.scores.argmax(axis=1) == classes for model in (best, worst)]
    assert best.metrics["accuracy"].mean.value == pytest.approx(right[0].mean())
    recalls = [right[0][classes == i].mean() for i in range(TAGS)]
    assert best.metrics["balanced_accuracy"].mean.value == pytest.approx(np.mean(recalls))
    test = table.pairs[0].mcnemar
    assert (test.first_only, test.second_only) == ((right[0] & ~right[1]).sum(), (right[1] & ~right[0]).sum())
    with pytest.raises(EvaluationError, match="accuracy needs exactly one"):
        compare([result("a", scores_of(1, 1))], metrics=["accuracy"])


def test_letters_are_those_of_the_pairs() -> None:
    rng = np.random.default_rng(0)
    for _ in range(50):
        pairs = [(i, j) for i in range(6) for j in range(i + 1, 6)]
        different = [pair for pair in pairs if rng.random() < 0.4]
        letters = letter_display(6, different)
        assert {pair for pair in pairs if not set(letters[pair[0]]) & set(letters[pair[1]])} == set(different)


def test_areas_of_mean_curves_are_the_means_of_the_tags() -> None:
    labels, scores = truth(), np.round(scores_of(1, 1), 1)  # with ties
    labels[:, 0] = False
    assert np.trapezoid(mean_roc_curve(scores, labels), GRID) == pytest.approx(
        macro(roc_auc(scores, labels)).mean, abs=3e-3
    )
    precision = macro(average_precision(scores, labels)).mean
    assert mean_pr_curve(scores, labels)[1:].mean() == pytest.approx(precision, abs=3e-3)
    assert np.isnan(mean_roc_curve(scores[:1], labels[:1])).all()


def test_pareto_front() -> None:
    assert pareto_front([1, 1, 2, 3], [0.5, 0.6, 0.6, 0.7]) == [False, True, False, True]
    assert pareto_front([1, 1], [0.5, 0.5]) == [True, True]


def test_times_of_several_machines_are_not_compared() -> None:
    places = [EvaluationCost(seconds_per_minute=1, machine=machine, device="cpu") for machine in ("a", "b")]
    models = [only(compare([result(c.machine, scores_of(1, 1), cost=c)])).models[0] for c in places]
    assert costs(models[:1], "seconds_per_minute") == [1]
    assert np.isnan(costs(models, "seconds_per_minute")).all()


def test_tables_as_csv_and_latex() -> None:
    table = Table("t", "50 % of a_b", {"a": "a_b", "b": "50 %"}, [("x & y", Interval(0.5, 0.4, 0.6)), ("z", None)])
    assert table.to_csv() == "a,b,b_low,b_high\nx & y,0.5,0.4,0.6\nz,,,\n"
    assert r"a\_b & 50 \% \\" in table.to_latex()
    assert r"x \& y & 0.500 (0.400 to 0.600) \\" in table.to_latex()


def test_files_of_a_comparison(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    three = compare([result(str(i), scores_of(q, i)) for i, q in enumerate((0.2, 1.9, 2))], metrics=["roc_auc"])
    files = write_comparison(three, tmp_path / "out")
    names = {file.name for file in files}
    assert {
        f"own-{kind}.{suffix}" for kind in ("ranking", "pairs", "tags", "cost") for suffix in ("csv", "tex")
    } <= names
    figures = ("roc", "pr", "differences-roc_auc", "tags-1-1", "cost-parameters")
    assert {f"own-{kind}.{suffix}" for kind in figures for suffix in ("png", "svg")} <= names
    assert "own-cost-seconds_per_minute.png" not in names  # unknown
    svg = (tmp_path / "out" / "own-differences-roc_auc.svg").read_text()
    assert "Paired difference of ROC-AUC to 2" in svg and "2026" not in svg
    rows = list(csv.DictReader(io.StringIO((tmp_path / "out" / "published.csv").read_text(encoding="utf-8"))))
    assert any("cannot be reproduced" in row["doubt"] for row in rows)
    with pytest.raises(EvaluationError, match="cannot be written"):
        write_csv(three, tmp_path)


def test_files_of_one_clip(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    comparison = compare([result("a", scores_of(1, 1)[:1]), result("b", scores_of(1, 2)[:1])], metrics=["roc_auc"])
    names = {file.name for file in write_comparison(comparison, tmp_path)}
    assert {"own-differences-roc_auc.png", "own-cost-parameters.png"} <= names and "own-roc.svg" not in names
    assert "a,,,,a" in (tmp_path / "own-ranking.csv").read_text()  # no value and no interval


def test_results_are_read_from_folders_and_refused_if_edited(tmp_path: Path) -> None:
    pytest.importorskip("pyarrow")
    for model in ("a", "b"):
        made = result(model, scores_of(1, ord(model)))
        write_result(tmp_path / model, made.info, made.test, None)
    assert len(only(compare([tmp_path])).models) == 2
    assert len(only(compare([tmp_path / "a", str(tmp_path / "b"), tmp_path])).models) == 2
    file = tmp_path / "a" / "protocol.json"
    file.write_text(re.sub('"model": "a"', '"model": "c"', file.read_text()))
    with pytest.raises(EvaluationError, match="was changed after it was written"):
        compare([tmp_path])
    with pytest.raises(EvaluationError, match="has no results of taggram evaluate"):
        compare([tmp_path / "nothing"])
    with pytest.raises(EvaluationError, match="no results to compare"):
        compare([])


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    pytest.importorskip("pyarrow")
    for i, (name, quality) in enumerate({"fcn.a": 0.5, "crnn.b": 2.0, "musicnn.c": 2.1}.items()):
        made = result(name, scores_of(quality, i), mode="zero-shot")
        write_result(tmp_path / "results" / name, made.info, made.test, None)
    return tmp_path / "results"


def test_the_command_prints_tables(folder: Path, tmp_path: Path) -> None:
    done = run("compare", folder, "--csv", tmp_path / "models.csv")
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert lines[0] == f"p ({protocol().hash})"
    assert lines[2].startswith(f"zero-shot: {CLIPS} clips of {CLIPS // 2} artists or recordings, 5 of 5 tags")
    rows = [line.split() for line in lines if line.startswith(("fcn.a", "crnn.b", "musicnn.c"))]
    assert [row[0] for row in rows] == ["musicnn.c", "crnn.b", "fcn.a"] and [row[5] for row in rows] == ["a", "a", "b"]
    front = "Pareto front of ROC-AUC and parameters: musicnn.c, crnn.b, fcn.a"  # by the lengths of their names
    assert front in lines
    assert any(line.startswith("Rank correlation of ROC-AUC and AP over 3 models: ") for line in lines)
    assert any(line.startswith("fcn ") and "Ramakrishna" in line for line in lines)
    with (tmp_path / "models.csv").open(encoding="utf-8") as file:
        assert [row["model"] for row in csv.DictReader(file)] == ["musicnn.c", "crnn.b", "fcn.a"]


def test_the_command_prints_json(folder: Path) -> None:
    done = run("compare", folder, "--json", "--metric", "average_precision", "--reference", "fcn.a")
    document = json.loads(done.stdout)
    (table,) = document["tables"]
    assert document["protocol_hash"] == protocol().hash and document["metrics"] == ["average_precision"]
    assert table["reference"] == "fcn.a" and len(table["pairs"]) == 3
    value, low, high = table["models"][0]["metrics"]["average_precision"]["difference"]
    assert 0 < low < value < high
    assert any(result["doubt"] for result in document["published"])


@pytest.mark.parametrize(
    ("arguments", "code", "reason"),
    [
        ((), 2, "Missing argument"),
        (("nothing",), 1, "nothing has no results of taggram evaluate"),
        (("results", "--metric", "auc"), 1, "not compared by a metric named 'auc'; did you mean"),
        (("results", "--metric", "mcc"), 1, "MCC needs thresholds"),
        (("results", "--reference", "x"), 1, "no result is of a model named 'x'"),
    ],
)
def test_wrong_usage_is_one_line(
    arguments: tuple[str, ...], code: int, reason: str, folder: Path, tmp_path: Path
) -> None:
    done = run("compare", *arguments, cwd=tmp_path)
    assert done.returncode == code and reason in " ".join(done.stderr.replace("│", " ").split())


def test_names_of_metrics_are_completed() -> None:
    from taggram.cli.completion import metric_names

    assert metric_names("r") == ["roc_auc", "recall"]
