"""Results that papers publish for data sets."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

__all__ = ["PublishedResult", "published_results"]


@dataclass(frozen=True)
class PublishedResult:
    """A result as it is published; none was measured here.

    Attributes
    ----------
    dataset
        Name of the data set.
    note
        Protocol, clips or kind of output.
    model
        As the paper calls it, or the name of the architecture here.
    metric
        Such as ``ROC-AUC``.
    value
        On the test clips, 0 to 1.
    source
        Authors, title and year of the paper, as far as stated.
    """

    dataset: str
    note: str
    model: str
    metric: str
    value: float
    source: str


def published_results(dataset: str) -> list[PublishedResult]:
    """Return the results of a data set, paper by paper.

    Examples
    --------
    >>> {result.metric for result in published_results("mtat")} >= {"ROC-AUC", "PR-AUC"}
    True
    """
    with Path(__file__).with_name("published.csv").open(newline="", encoding="utf-8") as text:
        rows = [row for row in csv.DictReader(text) if row["dataset"] == dataset]
    return [PublishedResult(value=float(row.pop("value")), **row) for row in rows]
