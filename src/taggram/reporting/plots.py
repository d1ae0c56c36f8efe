"""Plots of evaluations: intervals, curves, tags, reliability, confusion, cost and strengths, as matplotlib figures.

All are drawn within `theme`. A series has the same colour, marker and dashes in every plot, by its position.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from taggram.metrics import Interval
from taggram.reporting.figure import colour, new_figure, printable

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
else:
    Axes = Figure = Any  # matplotlib is optional, and loaded only when it is used

__all__ = ["confusion", "cost", "curves", "intervals", "reliability", "strengths", "tag_values"]

COLOURS, MARKERS = 7, "osD^vPXh"
DASHES: tuple[Any, ...] = ("-", (0, (5, 2)), (0, (6, 2, 1, 2)), (0, (1.5, 1.5)))
SIDE, ROW = 420, 26  # pixels: width of a square plot, height of a row
LETTERS = 26  # of a name, at most
LEVELS = 10  # colours of the confusion matrix in the stylesheet
NUMBERED = 22  # classes up to which the confusion matrix shows numbers

Points = tuple[NDArray[np.float64], NDArray[np.float64]]


def intervals(
    labels: Sequence[str], values: Sequence[Interval], axis: str, series: Sequence[int], *, zero: bool = False
) -> Figure:
    """Draw values with their intervals in rows, as in a forest plot.

    Parameters
    ----------
    labels
        One per row, from top to bottom.
    values
        Of each row; NaN draws nothing.
    axis
        Label of the axis.
    series
        Position of the model of each row.
    zero
        Draw a line at 0, for differences.
    """
    figure = new_figure(SIDE, 64 + ROW * len(labels))
    axes = figure.subplots()
    axes.grid(visible=False, axis="y")
    if zero:
        axes.axvline(0, color=colour("soft"), linewidth=1)
    for row, ((value, low, high), model) in enumerate(zip(values, series, strict=True)):
        axes.plot([low, high], [row, row], color=_colour(model), solid_capstyle="butt", linewidth=2.2)
        axes.plot(value, row, color=_colour(model), marker=_marker(model), markersize=7)
    axes.locator_params(axis="x", nbins=5)
    _rows(axes, [_short(name) for name in labels])
    axes.set_xlabel(axis)
    return figure


def curves(
    names: Sequence[str], points: Sequence[Points], kind: Literal["roc", "pr"], series: Sequence[int], base: float = 0
) -> Figure:
    """Draw ROC or precision-recall curves.

    Parameters
    ----------
    names
        One per curve.
    points
        False and true positive rates (points,), or recall and precision (points,).
    kind
        Which of the two.
    series
        Position of each model.
    base
        Share of positives, which a random order has as precision.
    """
    figure = new_figure(SIDE, SIDE - 14 + _legend_height(names))
    axes = figure.subplots()
    if kind == "roc":
        axes.plot([0, 1], [0, 1], color=colour("soft"), linewidth=1, linestyle=":")
    else:
        axes.plot([0, 1], [base, base], color=colour("soft"), linewidth=1, linestyle=":")
    for (x, y), model in zip(points, series, strict=True):
        axes.plot(*_thin(x, y), **_line(model))
    _unit_square(axes)
    axes.set_xlabel("false positive rate" if kind == "roc" else "recall")
    axes.set_ylabel("true positive rate" if kind == "roc" else "precision")
    _legend(figure, names, series)
    return figure


def tag_values(
    tags: Sequence[str],
    n_pos: Sequence[int],
    values: Sequence[Interval],
    others: NDArray[np.float64],
    axis: str,
    *,
    series: int,
    limits: tuple[float, float],
) -> Figure:
    """Draw a metric of each tag with its interval, beside those of other models as grey ticks.

    Parameters
    ----------
    tags
        One per row, from top to bottom.
    n_pos
        Number of clips with each tag.
    values
        Of each tag; NaN draws nothing.
    others : (models, tags) float64
        Values of other models.
    axis
        Label of the axis.
    series
        Position of the model.
    limits
        Least and greatest value of the axis, so that several plots can be compared.
    """
    figure = new_figure(SIDE, 64 + 19 * len(tags))
    axes = figure.subplots()
    axes.grid(visible=False, axis="y")
    rows = np.arange(len(tags))
    ticks = others.ravel(), np.tile(rows, len(others))
    axes.plot(*ticks, "|", color=colour("soft"), markersize=7, markeredgewidth=1.2, alpha=0.6)
    middle, low, high = np.array(values, float).reshape(-1, 3).T
    gap = np.full(len(tags), np.nan)  # one path with gaps is smaller than a path per tag
    lines = np.stack([low, high, gap], axis=1).ravel(), np.repeat(rows, 3)
    axes.plot(*lines, color=_colour(series), solid_capstyle="butt", linewidth=2)
    axes.plot(middle, rows, color=_colour(series), marker="o", markersize=5.5, linestyle="none")
    margin = 0.03 * (limits[1] - limits[0]) or 0.1
    axes.set_xlim(limits[0] - margin, limits[1] + margin)
    _rows(axes, [f"{_short(tag)}  {positives:,}" for tag, positives in zip(tags, n_pos, strict=True)])
    axes.set_xlabel(axis)
    return figure


def reliability(names: Sequence[str], points: Sequence[Points], series: Sequence[int], axis: str) -> Figure:
    """Draw a reliability diagram.

    Parameters
    ----------
    names
        One per model.
    points
        Mean score and share of positives of each bin.
    series
        Position of each model.
    axis
        Label of the axis of scores.
    """
    figure = new_figure(SIDE, SIDE - 14 + _legend_height(names))
    axes = figure.subplots()
    axes.plot([0, 1], [0, 1], color=colour("soft"), linewidth=1, linestyle=":")
    for (x, y), position in zip(points, series, strict=True):
        axes.plot(x, y, **_line(position), marker=_marker(position), markersize=5)
    _unit_square(axes)
    axes.set_xlabel(axis)
    axes.set_ylabel("share of clips with the tag")
    _legend(figure, names, series, markers=True)
    return figure


def confusion(labels: Sequence[str], matrix: NDArray[np.int64]) -> Figure:
    """Draw a confusion matrix, coloured by the share of each row.

    Parameters
    ----------
    labels
        Of the classes.
    matrix : (classes, classes) int64
        Clips of the class of a row that are predicted as the class of a column.
    """
    from matplotlib.colors import ListedColormap

    cell = 30 if len(labels) <= NUMBERED else 12
    size = max(cell * len(labels), 120) + 150
    figure = new_figure(size, size)
    axes = figure.subplots()
    axes.grid(visible=False)
    shares = matrix / np.maximum(matrix.sum(axis=1, keepdims=True), 1)
    # Roots, so that small shares can be told from none.
    levels = np.ceil(np.sqrt(shares) * (LEVELS - 1) - 1e-9)
    colours = ListedColormap([colour(f"l{level}") for level in range(LEVELS)])
    axes.pcolormesh(levels, cmap=colours, vmin=-0.5, vmax=LEVELS - 0.5, edgecolor=colour("card"), linewidth=1)
    if len(labels) <= NUMBERED:
        for row, column in np.argwhere(matrix > 0).tolist():
            ink = colour("card" if levels[row, column] > 5 else "ink")
            text = f"{matrix[row, column]}"
            axes.text(column + 0.5, row + 0.5, text, ha="center", va="center", color=ink, fontsize=11)
    ticks = np.arange(len(labels)) + 0.5
    axes.set_xticks(ticks, [_short(name) for name in labels], rotation=60, ha="right", rotation_mode="anchor")
    axes.set_yticks(ticks, [_short(name) for name in labels])
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)
    axes.invert_yaxis()
    axes.set_aspect("equal")
    axes.set_xlabel("predicted")
    axes.set_ylabel("label")
    return figure


def cost(
    names: Sequence[str],
    costs: Sequence[float],
    values: Sequence[Interval],
    front: Sequence[bool],
    axis: str,
    metric: str,
    series: Sequence[int],
) -> Figure:
    """Draw a metric over a cost, and join the models of the Pareto front, whose markers are filled.

    Parameters
    ----------
    names
        One per model.
    costs
        Of each model, above 0; NaN draws nothing.
    values
        The metric of each model with its interval.
    front
        Whether no other model is both cheaper and better.
    axis, metric
        Labels of the axes.
    series
        Position of each model.
    """
    figure = new_figure(SIDE, 330 + _legend_height(names))
    axes = figure.subplots()
    log_axis(axes, costs)
    steps = sorted((x, value.value) for x, value, best in zip(costs, values, front, strict=True) if best)
    axes.plot(*np.array(steps, float).reshape(-1, 2).T, color=colour("soft"), linewidth=1.2, drawstyle="steps-post")
    for model, x, (value, low, high), best in zip(series, costs, values, front, strict=True):
        axes.plot([x, x], [low, high], color=_colour(model), linewidth=1.5)
        fill = _colour(model) if best else colour("card")
        axes.plot(x, value, color=_colour(model), marker=_marker(model), markersize=8, markerfacecolor=fill)
    axes.set_xlabel(axis)
    axes.set_ylabel(metric)
    _legend(figure, names, series, markers=True, lines=False)
    return figure


def strengths(
    names: Sequence[str],
    values: Sequence[Sequence[Interval]],
    ticks: Sequence[str],
    axis: str,
    metric: str,
    series: Sequence[int],
    *,
    base: float,
) -> Figure:
    """Draw values over the strength of a deformation, with bands for their intervals.

    Parameters
    ----------
    names
        One per model.
    values
        Of each model at each strength; NaN draws nothing.
    ticks
        The strengths, at equal distances.
    axis, metric
        Labels of the axes.
    series
        Position of each model.
    base
        Value of clips that are not deformed, which a dotted line shows.
    """
    figure = new_figure(SIDE, 300 + _legend_height(names))
    axes = figure.subplots()
    axes.axhline(base, color=colour("soft"), linewidth=1, linestyle=":")
    x = np.arange(len(ticks))
    for of_model, position in zip(values, series, strict=True):
        middle, low, high = np.array(of_model, float).reshape(-1, 3).T
        axes.fill_between(x, low, high, color=_colour(position), alpha=0.12, linewidth=0)
        axes.plot(x, middle, **_line(position), marker=_marker(position), markersize=6)
    axes.set_xticks(x, [_short(tick) for tick in ticks])
    axes.set_xlim(-0.3, len(ticks) - 0.7)
    axes.set_xlabel(axis)
    axes.set_ylabel(metric)
    _legend(figure, names, series, markers=True)
    return figure


def log_axis(axes: Axes, costs: Sequence[float]) -> None:
    """Make the horizontal axis logarithmic, with labels also within a decade."""
    from matplotlib.ticker import EngFormatter, LogLocator, NullLocator, StrMethodFormatter

    finite = [cost for cost in costs if cost > 0]
    decades = math.log10(max(finite) / min(finite))
    steps = (1.0,) if decades > 3 else (1.0, 2.0, 5.0) if decades > 0.8 else (1.0, 1.5, 2.0, 3.0, 4.0, 5.0, 6.0, 8.0)
    axes.set_xscale("log")
    axes.set_xlim(min(finite) / 1.4, max(finite) * 1.4)
    axes.xaxis.set_major_locator(LogLocator(subs=steps, numticks=12))
    axes.xaxis.set_major_formatter(EngFormatter(sep="") if max(finite) > 1000 else StrMethodFormatter("{x:g}"))
    axes.xaxis.set_minor_locator(NullLocator())


def _colour(series: int) -> str:
    return colour(f"s{series % COLOURS}")


def _marker(series: int) -> str:
    return MARKERS[series % len(MARKERS)]


def _line(series: int) -> Mapping[str, Any]:
    return {"color": _colour(series), "linestyle": DASHES[series % len(DASHES)]}


def _legend_height(names: Sequence[str]) -> int:
    return 15 * len(names) + 6


def _legend(
    figure: Figure, names: Sequence[str], series: Sequence[int], *, markers: bool = False, lines: bool = True
) -> None:
    """List the series below the axes."""
    from matplotlib.lines import Line2D

    handles = []
    for position in series:
        style = dict(_line(position)) if lines else {"color": _colour(position), "linestyle": "none"}
        handles.append(Line2D([], [], **style, marker=_marker(position) if markers else ""))
    names = [_short(name, 2 * LETTERS) for name in names]
    # A leading underscore would hide the series.
    names = [f"\N{ZERO WIDTH SPACE}{name}" if name.startswith("_") else name for name in names]
    figure.legend(handles, names, loc="outside lower left", handlelength=3, borderaxespad=0)


def _rows(axes: Axes, labels: Sequence[str]) -> None:
    axes.set_yticks(range(len(labels)), labels)
    axes.set_ylim(len(labels) - 0.4, -0.6)
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)


def _unit_square(axes: Axes) -> None:
    axes.set_xlim(0, 1)
    axes.set_ylim(0, 1.005)
    axes.set_box_aspect(1)


def _short(name: str, letters: int = LETTERS) -> str:
    name = printable(name)
    return name if len(name) <= letters else f"{name[: letters - 1].rstrip()}\N{HORIZONTAL ELLIPSIS}"


def _thin(x: NDArray[np.float64], y: NDArray[np.float64], points: int = 400) -> Points:
    """Return the points of a curve that differ in the plot: about `points` along its length, with its ends."""
    if len(x) <= points or not np.isfinite(y).all():
        return x, y
    length = np.concatenate([[0], np.cumsum(np.abs(np.diff(x)) + np.abs(np.diff(y)))])
    keep = np.unique(np.searchsorted(length, np.linspace(0, length[-1], points)).clip(0, len(x) - 1))
    return x[keep], y[keep]
