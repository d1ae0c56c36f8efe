"""Plots of many trainings: a metric by the values of each setting, and over cost; drawn within `theme`."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from taggram.metrics import Interval
from taggram.reporting.figure import colour, new_figure
from taggram.reporting.plots import COLOURS, MARKERS, log_axis

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
else:
    Axes = Figure = Any  # matplotlib is optional, and loaded only when it is used

__all__ = ["Point", "by_setting", "trade_off"]

SIDE = 420  # pixels: width of a plot of one panel
LETTERS = 40  # of the names of ticks, side by side
TICKS = 8  # different values of a setting that have a tick each; of more numbers, an axis
LOGARITHMIC = 30  # ratio of the greatest to the least value from which that axis is logarithmic


class Point(NamedTuple):
    """A configuration in the plot of a metric over cost.

    Attributes
    ----------
    cost, value
        Cost, above 0, and the metric with the interval to draw.
    panel, colour, marker
        Values of the settings that the panel, the colour and the marker stand for.
    is_best
        Whether no other configuration is both cheaper and better.
    """

    cost: float
    value: Interval
    panel: str
    colour: str
    marker: str
    is_best: bool


def by_setting(setting: str, values: Sequence[Any], results: Sequence[float], metric: str) -> Figure:
    """Draw a metric by the values of a setting, with the mean of equal values.

    Parameters
    ----------
    setting
        Label of the axis of values.
    values
        Of the setting in each trial; None draws nothing. More than eight different numbers, or those that have no room
        side by side, are an axis of numbers.
    results
        The metric of each trial.
    metric
        Label of its axis.
    """
    from matplotlib.ticker import NullLocator, StrMethodFormatter

    pairs = [(value, y) for value, y in zip(values, results, strict=True) if value is not None]
    values, results = [value for value, _ in pairs], [y for _, y in pairs]
    figure = new_figure(SIDE, SIDE - 120)
    axes = figure.subplots()
    axes.set_xlabel(setting)
    axes.set_ylabel(metric)
    is_number = all(isinstance(value, int | float) and not isinstance(value, bool) for value in values)
    texts = [f"{value:.4g}" if isinstance(value, float) else str(value) for value in values]
    order = sorted(range(len(values)), key=values.__getitem__) if is_number else range(len(values))
    names = list(dict.fromkeys(texts[i] for i in order))
    is_crowded = sum(map(len, names)) > LETTERS
    if is_number and (len(names) > TICKS or is_crowded):
        axes.plot(values, results, "o", color=colour("s0"), markersize=7, alpha=0.7)
        if min(values) > 0 and max(values) / min(values) > LOGARITHMIC:
            axes.set_xscale("log")
            axes.xaxis.set_major_formatter(StrMethodFormatter("{x:g}"))
            axes.xaxis.set_minor_locator(NullLocator())
        return figure
    x, y = np.array([names.index(text) for text in texts]), np.array(results)
    axes.plot(x, y, "o", color=colour("s0"), markersize=7, alpha=0.7)
    means = [y[x == i].mean() for i in range(len(names))]
    axes.plot(range(len(names)), means, "_", color=colour("ink"), markersize=28, markeredgewidth=1.8)
    axes.set_xticks(range(len(names)), names)
    axes.set_xlim(-0.5, len(names) - 0.5)
    if is_crowded:
        axes.tick_params(axis="x", labelrotation=30)
    return figure


def trade_off(points: Sequence[Point], axis: str, metric: str, colour_title: str, marker_title: str) -> Figure:
    """Draw a metric over cost in panels; a line joins the Pareto front of all panels, whose markers are filled.

    Parameters
    ----------
    points
        The configurations.
    axis, metric
        Labels of the axes.
    colour_title, marker_title
        What colours and markers stand for.
    """
    panels = list(dict.fromkeys(point.panel for point in points))
    colours = list(dict.fromkeys(point.colour for point in points))
    markers = list(dict.fromkeys(point.marker for point in points))
    columns = min(2, len(panels))
    rows = math.ceil(len(panels) / columns)
    figure = new_figure(140 + 380 * columns, 40 + 300 * rows)
    grid = figure.subplots(rows, columns, sharex=True, sharey=True, squeeze=False)
    front = sorted((point.cost, point.value.value) for point in points if point.is_best)
    for axes, panel in zip(grid.flat, panels, strict=False):
        log_axis(axes, [point.cost for point in points])
        axes.plot(*np.array(front, float).reshape(-1, 2).T, color=colour("soft"), linewidth=1.2, drawstyle="steps-post")
        for point in points:
            if point.panel == panel:
                ink = colour(f"s{colours.index(point.colour) % COLOURS}")
                axes.plot([point.cost] * 2, point.value[1:], color=ink, linewidth=1.4)
                style = {"marker": MARKERS[markers.index(point.marker) % len(MARKERS)], "markersize": 8, "color": ink}
                axes.plot(
                    point.cost, point.value.value, **style, markerfacecolor=ink if point.is_best else colour("card")
                )
        axes.set_title(panel, fontsize=12.5)
    for axes in grid.flat[len(panels) :]:
        axes.set_visible(False)
    for axes in grid[-1]:
        axes.set_xlabel(axis)
    for axes in grid[:, 0]:
        axes.set_ylabel(metric)
    _legends(figure, colours, markers, colour_title, marker_title)
    return figure


def _legends(figure: Figure, colours: list[str], markers: list[str], colour_title: str, marker_title: str) -> None:
    """List colours and markers on the right of the panels, in one legend."""
    from matplotlib.lines import Line2D

    def heading(title: str) -> Line2D:
        return Line2D([], [], linestyle="none", label=title)

    entries = [heading(colour_title)]
    for i, name in enumerate(colours):
        ink = colour(f"s{i % COLOURS}")
        entries.append(Line2D([], [], linestyle="none", marker="o", color=ink, markersize=8, label=name))
    entries.append(heading(marker_title))
    for i, name in enumerate(markers):
        shape = MARKERS[i % len(MARKERS)]
        entries.append(
            Line2D(
                [],
                [],
                linestyle="none",
                marker=shape,
                markerfacecolor="none",
                color=colour("ink"),
                markersize=8,
                label=name,
            )
        )
    figure.legend(handles=entries, loc="outside right upper", handlelength=1.2, borderaxespad=0)
