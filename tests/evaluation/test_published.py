"""The committed table of published results."""

from __future__ import annotations

import csv
from collections import Counter
from pathlib import Path

import pytest

from taggram.datasets import list_datasets
from taggram.evaluation import published
from taggram.evaluation.published import PublishedResult, published_results

TABLE = Path(published.__file__).with_name("published.csv")
METRICS = {
    "roc_auc": "ROC-AUC",
    "pr_auc": "PR-AUC",
    "ap": "AP",
    "mcc": "MCC",
    "genre_accuracy": "genre accuracy",
    "mood_accuracy": "mood accuracy",
}
SPLITS = {"valid": "validation", "dev": "validation", "train": "train"}


def all_results() -> list[PublishedResult]:
    with TABLE.open(newline="", encoding="utf-8") as text:
        names = dict.fromkeys(row["dataset"] for row in csv.DictReader(text))
    return [result for name in names for result in published_results(name)]


def test_every_row_is_a_result_of_a_data_set() -> None:
    results = all_results()
    assert {result.dataset for result in results} == set(list_datasets()) & {result.dataset for result in results}
    assert all(0.2 < result.value < 1 and result.source and result.note for result in results)
    assert all(result.std is None or 0 < result.std < 0.01 for result in results)
    assert {result.split for result in results} == {"test", "validation", "train"}
    keys = [(result.dataset, result.split, result.model, result.metric, result.source) for result in results]
    assert len(set(keys)) == len(keys)
    assert published_results("none") == []


def test_results_that_are_not_credible_have_the_reason() -> None:
    doubtful = [result for result in all_results() if result.doubt]
    assert {result.source.partition(",")[0] for result in doubtful} == {"Ramakrishna"}
    assert all(result.doubt for result in all_results() if result.metric == "MCC")
    equal = [result for result in doubtful if result.metric == "ROC-AUC"]
    assert len(equal) == 10
    for result in equal:
        same = [other for other in equal if (other.model, other.value) == (result.model, result.value)]
        assert {3: "on all three", 2: "on two of the three"}[len(same)] in result.doubt


def test_values_are_those_of_the_papers(shared: Path) -> None:
    table = shared / "facts" / "published.csv"
    if not table.is_file():
        pytest.skip(f"no published figures at {table}")
    with table.open(newline="", encoding="utf-8") as text:
        facts = Counter(fact(row) for row in csv.DictReader(text))
    ours = Counter(
        (result.dataset, result.metric, result.split, result.value)
        for result in all_results()
        if not result.source.startswith(("Panda", "Pons"))  # other papers
    )
    assert ours == facts


def fact(row: dict[str, str]) -> tuple[str, str, str, float]:
    name = {"msd": "msd_lastfm50", "fma6": "fma"}.get(row["dataset"].split("+")[0], row["dataset"])
    metric, _, split = row["metric"].rpartition("_")
    if split not in SPLITS:
        return name, METRICS[row["metric"]], "test", float(row["value"])
    return name, METRICS[metric], SPLITS[split], float(row["value"])
