"""The committed table of published results."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from taggram.datasets import list_datasets
from taggram.evaluation import published
from taggram.evaluation.published import published_results

TABLE = Path(published.__file__).with_name("published.csv")
METRICS = {
    "roc_auc": "ROC-AUC",
    "pr_auc": "PR-AUC",
    "genre_accuracy": "genre accuracy",
    "mood_accuracy": "mood accuracy",
}


def rows() -> list[dict[str, str]]:
    with TABLE.open(newline="", encoding="utf-8") as text:
        return list(csv.DictReader(text))


def test_every_row_is_a_result_of_a_data_set() -> None:
    names = {row["dataset"] for row in rows()}
    assert names >= set(list_datasets()) & {"mtat", "msd_lastfm50", "mtg_jamendo", "fma", "mer4q"}
    results = [result for name in names for result in published_results(name)]
    assert len(results) == len(rows())
    assert all(0.2 < result.value < 1 and result.source and result.note for result in results)
    assert len({(result.dataset, result.model, result.metric, result.source) for result in results}) == len(results)
    assert published_results("none") == []


def test_values_are_those_of_the_papers(shared: Path) -> None:
    table = shared / "facts" / "published.csv"
    if not table.is_file():
        pytest.skip(f"no published figures at {table}")
    with table.open(newline="", encoding="utf-8") as text:
        facts = {
            (row["dataset"].split("+")[0].rstrip("6"), METRICS.get(row["metric"]), float(row["value"]))
            for row in csv.DictReader(text)
        }
    for row in rows():
        if row["dataset"] != "mer4q":  # of a sixth paper
            assert (row["dataset"].removesuffix("_lastfm50"), row["metric"], float(row["value"])) in facts, row
