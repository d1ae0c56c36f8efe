"""What papers say of models on data sets."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Result", "published_results"]


@dataclass(frozen=True)
class Result:
    """A figure as it is published; nothing of it was measured here.

    Attributes
    ----------
    dataset
        Name of the data set.
    note
        Of which protocol, clips or kind of answer it is.
    model
        As the paper calls it, or by the name of the architecture here.
    metric
        Such as ``ROC-AUC``.
    value
        Of the test clips, from 0 to 1.
    source
        Authors, title and year of the paper, as far as it states them.
    """

    dataset: str
    note: str
    model: str
    metric: str
    value: float
    source: str


def published_results(dataset: str) -> list[Result]:
    """Return the figures of a data set, paper by paper."""
    with Path(__file__).with_name("results.csv").open(newline="", encoding="utf-8") as text:
        rows = [row for row in csv.DictReader(text) if row["dataset"] == dataset]
    return [Result(value=float(row.pop("value")), **row) for row in rows]
