"""Charts of arrays: stacked bars, heat map, ratios and histogram."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from taggram.reporting.chart import Chart

__all__ = ["SERIES", "heat_map", "histogram", "ratio_dots", "stacked_bars"]

SERIES = 5  # colours of series in the stylesheet
LEVELS = 9  # colours of the heat map in the stylesheet
LABEL, ROW = 132, 19  # pixels: width of row labels, height of a row
LETTERS = 20  # of a label, at most
NUMBERED = 22  # labels up to which the heat map shows numbers
WIDEST = 3.0  # of the ratios, in powers of two


def stacked_bars(labels: Sequence[str], counts: NDArray[np.int64], full: int, title: str) -> Chart:
    """Draw a stacked bar with its total per label.

    Parameters
    ----------
    labels
        One per bar.
    counts : (series, labels) int64
        Lengths of the segments of the bars.
    full
        Total of a bar of full width.
    title
        Description for screen readers.
    """
    width = 150
    chart = Chart(LABEL + width + 48, ROW * len(labels), title)
    for row, name in enumerate(labels):
        y, x = ROW * row, float(LABEL)
        _row_label(chart, name, y)
        for series, n in enumerate(counts[:, row].tolist()):
            length = width * n / max(full, 1)
            if n:
                chart.rect(_colour(series), x, y + 3, length, 13)
            x += length
        chart.text("n", x + 4, y + 14, f"{counts[:, row].sum():,}")
    return chart


def heat_map(labels: Sequence[str], shares: NDArray[np.float64], title: str) -> Chart:
    """Draw a square matrix of shares.

    Parameters
    ----------
    labels
        Labels of rows and columns.
    shares : (labels, labels) float64
        0 to 1; the diagonal is drawn in grey.
    title
        Description for screen readers.
    """
    cell = 27 if len(labels) <= NUMBERED else 15
    left, head, side = LABEL, 118, cell * len(labels)
    chart = Chart(left + side + 60, head + side + 52, title)
    chart.rect("l0", left, head, side, side)
    squares: dict[str, list[str]] = {}
    for i, j in np.argwhere(shares > 0).tolist():
        css = "self" if i == j else f"l{math.ceil(LEVELS * math.sqrt(shares[i, j]) - 1e-9)}"
        square = f"M{left + cell * j} {head + cell * i}h{cell - 1}v{cell - 1}h-{cell - 1}z"
        squares.setdefault(css, []).append(square)
    for css, parts in squares.items():
        chart.path(css, "".join(parts))
    if len(labels) <= NUMBERED:
        for i, j in np.argwhere(shares > 0).tolist():
            if i != j and (percent := round(100 * shares[i, j])):
                dark = " dark" if math.sqrt(shares[i, j]) > 0.6 else ""
                x, y = left + cell * (j + 0.5), head + cell * (i + 0.5) + 3.5
                chart.text(f"cell{dark}", x, y, str(percent))
    for i, name in enumerate(labels):
        _row_label(chart, name, head + cell * i + (cell - ROW) / 2)
        chart.text("", left + cell * (i + 0.5) + 4, head - 7, name, LETTERS, rotate=-60)
    _legend(chart, left, head + side + 14)
    return chart


def ratio_dots(labels: Sequence[str], ratios: NDArray[np.float64], series: Sequence[int], title: str) -> Chart:
    """Draw ratios as dots on a logarithmic axis from 1/4 to 8, with a place of its own for 0.

    Parameters
    ----------
    labels
        One per row.
    ratios : (series, labels) float64
        At least 0.
    series
        Colour of each series, from 0 on.
    title
        Description for screen readers.
    """
    left, width, head = LABEL + 10, 250, 24
    bottom = head + ROW * len(labels)
    chart = Chart(left + width + 20, bottom + 6, title)

    def position(ratio: float) -> float:
        power = -WIDEST if ratio == 0 else max(-WIDEST + 0.5, min(WIDEST, math.log2(ratio)))
        return left + width * (power + WIDEST) / (2 * WIDEST)

    quarter, half, times = "\N{VULGAR FRACTION ONE QUARTER}", "\N{VULGAR FRACTION ONE HALF}", "\N{MULTIPLICATION SIGN}"
    ticks = {0: "none", 0.25: quarter, 0.5: half, 1: f"1 {times}", 2: f"2 {times}", 4: f"4 {times}", 8: f"8 {times}"}
    for ratio, name in ticks.items():
        x = position(ratio)
        chart.path("one" if ratio == 1 else "axis", f"M{x:.1f} {head}V{bottom}")
        chart.text("mid", x, head - 8, name)
    for row, name in enumerate(labels):
        y = head + ROW * row
        _row_label(chart, name, y)
        dots = [position(ratio) for ratio in ratios[:, row].tolist()]
        chart.path("axis", f"M{min(dots):.1f} {y + 9.5}H{max(dots):.1f}")
        for colour, x in zip(series, dots, strict=True):
            chart.circle(_colour(colour), x, y + 9.5, 4.5)
    return chart


def histogram(values: Sequence[float], threshold: float, title: str) -> Chart:
    """Draw a histogram of values up to 1 with bins of 0.01, marking those from a threshold on.

    Parameters
    ----------
    values
        At most 1, such as cosines; values below the first percentile are added to the lowest bin.
    threshold
        Where the marked bins start.
    title
        Description for screen readers, and the label of the axis.
    """
    low = min(0.5, math.floor(10 * np.quantile(values, 0.01)) / 10)
    bins, edges = np.histogram(np.clip(values, low, 1), np.linspace(low, 1, round(100 * (1 - low)) + 1))
    left, width, height = 46, 520, 150
    top = max(int(bins.max()), 1)
    chart = Chart(left + width + 20, height + 62, title)

    def across(value: float) -> float:
        return left + width * (value - low) / (1 - low)

    for tick in (0, top // 2, top):
        y = 20 + height * (1 - tick / top)
        chart.path("axis", f"M{left} {y:.1f}h{width}")
        chart.text("end", left - 6, y + 4, f"{tick:,}")
    for n, edge in zip(bins.tolist(), edges.tolist(), strict=False):
        bar = height * n / top
        css = "hit" if edge >= threshold - 1e-9 else "s0"
        chart.rect(css, across(edge) + 0.5, 20 + height - bar, width / len(bins) - 1, bar)
    for value in np.arange(low, 1.01, 0.1).tolist():
        chart.text("mid", across(value), height + 36, f"{value:.1f}")
    x = across(threshold)
    chart.path("limit", f"M{x:.1f} 8V{20 + height}")
    chart.text("end", x - 5, 15, f"threshold {threshold}")
    chart.text("mid", left + width / 2, height + 54, title)
    return chart


def _row_label(chart: Chart, name: str, y: float) -> None:
    chart.text("end", LABEL - 6, y + 14, name, LETTERS)


def _legend(chart: Chart, x: int, y: int) -> None:
    """Draw the colours of the heat map with their shares."""
    for level in range(LEVELS + 1):
        chart.rect(f"l{level}", x + 24 * level, y, 23, 14)
    for share in (0.25, 0.5):
        chart.text("mid", x + 24 * (1 + LEVELS * math.sqrt(share)), y + 30, f"{100 * share:.0f} %")
    chart.text("", x, y + 30, "0 %")
    chart.text("end", x + 24 * (LEVELS + 1), y + 30, "100 %")


def _colour(series: int) -> str:
    return f"s{min(series, SERIES - 1)}"
