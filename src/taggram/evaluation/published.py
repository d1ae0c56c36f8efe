"""Results from papers, which were not measured here."""

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
        Protocol or clips, and table of the paper.
    split
        ``"test"``; else ``"validation"`` or ``"train"``, of which no result can be compared with one of the test clips.
    model
        As the paper calls it, or the name of the architecture here.
    metric
        Such as ``ROC-AUC``.
    value
        0 to 1.
    std
        Standard deviation over runs, as far as stated.
    source
        Authors, title and year of the paper, as far as stated.
    doubt
        Why the value is not credible; empty if nothing speaks against it.
    """

    dataset: str
    note: str
    split: str
    model: str
    metric: str
    value: float
    std: float | None
    source: str
    doubt: str

    @property
    def metric_and_split(self) -> str:
        """The metric, with the split if that is not the test split."""
        return self.metric if self.split == "test" else f"{self.metric} ({self.split})"


def published_results(dataset: str) -> list[PublishedResult]:
    """Return the results of a data set, paper by paper.

    Examples
    --------
    >>> {result.metric for result in published_results("mtat")} == {"ROC-AUC", "PR-AUC", "AP", "MCC"}
    True
    """
    with Path(__file__).with_name("published.csv").open(newline="", encoding="utf-8") as text:
        rows = [row for row in csv.DictReader(text) if row["dataset"] == dataset]
    return [
        PublishedResult(value=float(row.pop("value")), std=float(std) if (std := row.pop("std")) else None, **row)
        for row in rows
    ]
