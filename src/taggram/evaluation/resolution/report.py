"""The study as a table, a plot and a page."""

from __future__ import annotations

import csv
import io
import math
import statistics
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from taggram import __version__
from taggram.evaluation.comparison.export import write_file
from taggram.evaluation.resolution.configurations import Configuration, ResolutionResult
from taggram.metrics import Interval
from taggram.reporting import inline_svg, render, study_plots, theme, to_bytes, write_report
from taggram.reporting.study_plots import Point

__all__ = ["write_resolution"]

TABLE, PLOT, PAGE = "resolution.csv", "trade-off.svg", "resolution.html"
SIGNIFICANT = 0.05
GIGA, MEGA = 1e9, 1e6


def write_resolution(result: ResolutionResult) -> list[Path]:
    """Write the table, the plot of quality over cost, and the page into the folder of the study.

    Parameters
    ----------
    result
        From `resolution`.

    Returns
    -------
    list of Path
        The files.

    Raises
    ------
    MissingExtraError
        If Jinja2 or matplotlib is not installed.
    TaggramError
        If a file cannot be written.
    """
    folder, title = result.folder, "ROC-AUC over the cost of a segment, and the Pareto front"
    write_file(folder / TABLE, _to_csv(result.configurations).encode())
    plot = ""
    if result.configurations:
        with theme():
            plot = inline_svg(_plot(result), "trade", title)
            write_file(folder / PLOT, to_bytes(_plot(result), title, "svg"))
    html = render(
        "resolution.html",
        result=result,
        rows=[{"each": each, **_row(each)} for each in result.configurations],
        plot=plot,
        sentences=_sentences(result),
        significant=SIGNIFICANT,
        version=__version__,
    )
    write_report(html, folder / PAGE)
    return [folder / TABLE, *([folder / PLOT] if plot else []), folder / PAGE]


def _plot(result: ResolutionResult) -> Any:
    configurations = sorted(result.configurations, key=lambda each: (each.panel, -each.n_mels, each.hop))
    points = [
        Point(
            each.macs / GIGA,
            _spread(each.roc_auc),
            each.panel,
            f"{each.n_mels}",
            f"\N{MULTIPLICATION SIGN} {each.hop}",
            each.is_best,
        )
        for each in configurations
    ]
    return study_plots.trade_off(points, "GMAC per segment", "ROC-AUC", "mel bands", "hop")


def _spread(values: Sequence[float]) -> Interval:
    """Return the mean, and one standard deviation to each side."""
    mean, std = statistics.fmean(values), _std(values)
    return Interval(mean, mean - std, mean + std)


def _std(values: Sequence[float]) -> float:
    return statistics.stdev(values) if len(values) > 1 else math.nan


def _row(each: Configuration) -> dict[str, Any]:
    """Return the row of a configuration in the table."""
    return {
        "sample_rate": each.sample_rate,
        "n_mels": each.n_mels,
        "hop": each.hop,
        "log": each.log,
        "runs": len(each.roc_auc),
        "roc_auc_mean": statistics.fmean(each.roc_auc),
        "roc_auc_std": _std(each.roc_auc),
        "roc_auc_low": each.roc_auc_interval.low,
        "roc_auc_high": each.roc_auc_interval.high,
        "average_precision_mean": statistics.fmean(each.average_precision),
        "average_precision_std": _std(each.average_precision),
        "p": each.p,
        "gmac": each.macs / GIGA,
        "parameters": each.parameters,
        "store_mb": each.store_bytes / MEGA,
        "features_mb": each.features_bytes / MEGA,
        "training_seconds": each.training_seconds,
        "tagging_seconds_per_minute": each.tagging_seconds,
        "baseline": int(each.is_baseline),
        "pareto_front": int(each.is_best),
    }


def _to_csv(configurations: Sequence[Configuration]) -> str:
    rows = [_row(each) for each in configurations]
    text = io.StringIO()
    if rows:
        table = csv.DictWriter(text, rows[0], lineterminator="\n")
        table.writeheader()
        table.writerows({name: _cell(value) for name, value in row.items()} for row in rows)
    return text.getvalue()


def _cell(value: Any) -> Any:
    if isinstance(value, float):
        return "" if math.isnan(value) else f"{value:.6g}"
    return value


def _sentences(result: ResolutionResult) -> list[str]:
    """Return what follows from the table."""
    baseline, tested = result.baseline, [each for each in result.configurations if not math.isnan(each.p)]
    sentences = []
    if baseline:
        mean = statistics.fmean(baseline.roc_auc)
        sentences.append(
            f"The baseline, {baseline.label}, has a ROC-AUC of {mean:.3f} at {baseline.macs / GIGA:.3g} GMAC."
        )
    if baseline and tested:
        differ = [each for each in tested if each.p < SIGNIFICANT]
        sentences.append(f"{len(differ)} of {len(tested)} configurations differ from it significantly.")
    front = sorted((each for each in result.configurations if each.is_best), key=lambda each: each.macs)
    if front:
        sentences.append("Pareto front, from the cheapest on: " + "; ".join(each.label for each in front) + ".")
    return sentences
