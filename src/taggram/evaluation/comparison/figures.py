"""Figures of a comparison, by matplotlib: differences, curves, tags, and cost against quality."""

from __future__ import annotations

import io
import math
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from taggram.errors import MissingExtraError
from taggram.evaluation.comparison.comparison_metrics import METRICS
from taggram.evaluation.comparison.comparison_table import ComparedModel, ComparisonTable
from taggram.evaluation.comparison.mean_curves import GRID, mean_pr_curve, mean_roc_curve
from taggram.evaluation.comparison.pareto import COSTS, costs, pareto_front
from taggram.metrics import Interval, macro

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["comparison_figures", "require_matplotlib", "to_bytes"]

# M. Okabe, K. Ito: Color universal design, 2008; without yellow, which is too light for lines on white.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00", "#000000")
DASHES = ("-", "--", "-.", ":")
MARKERS = "osD^vP"
GREY = "#666666"
STYLE = {
    "font.size": 9,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": "#e3e3e3",
    "grid.linewidth": 0.7,
    "legend.frameon": False,
    "svg.hashsalt": "taggram",  # the same figure has the same bytes
    "svg.fonttype": "none",
}
DPI = 160
ROW = 0.24  # inches of a row of models or tags


def require_matplotlib() -> None:
    """Raise `MissingExtraError` if matplotlib is not installed; to be called before long work."""
    if find_spec("matplotlib") is None:
        raise MissingExtraError("a figure", "plot")


def comparison_figures(table: ComparisonTable) -> Iterator[tuple[str, Figure]]:
    """Yield figures of models that were asked in the same way, each with the name of its file without a suffix.

    Raises
    ------
    MissingExtraError
        If matplotlib is not installed.
    """
    require_matplotlib()
    metrics = list(table.models[0].metrics)
    yield f"{table.asking}-roc", _draw(_curves, table, mean_roc_curve, "roc_auc")
    yield f"{table.asking}-pr", _draw(_curves, table, mean_pr_curve, "average_precision")
    for metric in metrics:
        if len(table.models) > 1:
            yield f"{table.asking}-differences-{metric}", _draw(_differences, table, metric)
        yield f"{table.asking}-tags-{metric}", _draw(_tags, table, metric)
    for cost in COSTS:
        if not np.isnan(costs(table.models, cost)).all():
            yield f"{table.asking}-cost-{cost}", _draw(_cost, table, cost)


def to_bytes(figure: Figure, suffix: Literal["png", "svg"]) -> bytes:
    """Return a figure as a file; the same figure gives the same bytes."""
    from matplotlib import rc_context

    stream = io.BytesIO()
    metadata = {"Software": None} if suffix == "png" else {"Date": None, "Creator": None}
    with rc_context(STYLE):
        figure.savefig(stream, format=suffix, dpi=DPI, metadata=metadata)
    return stream.getvalue()


def _draw(draw: Callable[..., tuple[float, float]], table: ComparisonTable, *arguments: Any) -> Figure:
    """Draw on new axes, and give the figure the size in inches that the drawing returns."""
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    with rc_context(STYLE):
        figure = Figure(layout="constrained", facecolor="white")
        figure.set_size_inches(draw(figure.add_subplot(), table, *arguments))
    return figure


def _differences(axes: Axes, table: ComparisonTable, metric: str) -> tuple[float, float]:
    """Draw the paired difference of each model to the reference with its interval: a forest plot."""
    models = sorted(table.models, key=lambda model: -np.nan_to_num(model.metrics[metric].mean.value, nan=-np.inf))
    for row, model in enumerate(models):
        difference = model.metrics[metric].difference
        clear = difference.low > 0 or difference.high < 0
        if model.name == table.reference:
            axes.plot(0, row, "|", color="black", markersize=11, markeredgewidth=2)
        elif not math.isnan(difference.value):
            colour = COLOURS[0] if clear else GREY
            axes.plot([difference.low, difference.high], [row, row], color=colour, linewidth=1.6)
            axes.plot(
                difference.value, row, "o", color=colour, markersize=6, markerfacecolor=colour if clear else "white"
            )
        numbers = "reference" if model.name == table.reference else _numbers(difference)
        axes.text(1.02, row, numbers, transform=axes.get_yaxis_transform(), verticalalignment="center")
    axes.axvline(0, color="black", linewidth=0.8)
    axes.set_yticks(range(len(models)), [f"{model.name}  {model.metrics[metric].letters}" for model in models])
    axes.set_ylim(len(models) - 0.4, -0.6)
    axes.grid(axis="y", visible=False)
    axes.set_xlabel(f"{METRICS[metric].title} minus that of {table.reference}")
    axes.set_title(
        f"Paired differences of {METRICS[metric].title}, {_about(table)}\n"
        "95 % intervals; hollow: the interval contains 0; a common letter: no difference by Holm's correction",
        fontsize=9,
        loc="left",
    )
    return 8.2, 1.3 + ROW * len(models)


def _curves(
    axes: Axes, table: ComparisonTable, curve: Callable[..., NDArray[np.float64]], metric: str
) -> tuple[float, float]:
    """Draw the mean curve of each model, with its area in the legend."""
    truth = table.truth[:, table.common_tags]
    roc = metric == "roc_auc"
    shares = truth.mean(axis=0)
    chance = macro(np.where((shares > 0) & (shares < 1), shares, np.nan)).mean
    for i, model in enumerate(table.models):
        points = curve(model.scores[:, table.common_tags], truth)
        area = model.metrics[metric].mean.value if metric in model.metrics else math.nan
        label = model.name if math.isnan(area) else f"{model.name}, {area:.3f}"
        axes.plot(GRID, points, color=_colour(i), linestyle=_dashes(i), linewidth=1.5, label=label)
    axes.plot(
        *(([0, 1], [0, 1]) if roc else ([0, 1], [chance, chance])), color="#999999", linewidth=0.8, label="chance"
    )
    axes.set(xlim=(0, 1), ylim=(0, 1.005))
    if roc:
        axes.set_aspect("equal")
    axes.set_xlabel("false-positive rate" if roc else "recall")
    axes.set_ylabel("true-positive rate" if roc else "precision")
    axes.set_title(f"{'ROC' if roc else 'Precision-recall'} curves, {_about(table)}", fontsize=9, loc="left")
    title = f"model, {METRICS[metric].title}"
    axes.legend(title=title, alignment="left", fontsize=8, loc="upper left", bbox_to_anchor=(1.01, 1))
    return 8.2, 4.9


def _tags(axes: Axes, table: ComparisonTable, metric: str) -> tuple[float, float]:
    """Draw the value of each tag and model, the tags by their number of positives."""
    n_pos = table.truth.sum(axis=0)
    values = np.stack([model.metrics[metric].per_tag for model in table.models])
    tags = [tag for tag in np.argsort(-n_pos, kind="stable").tolist() if not np.isnan(values[:, tag]).all()]
    for row, tag in enumerate(tags):
        of_tag = values[~np.isnan(values[:, tag]), tag]
        axes.plot([of_tag.min(), of_tag.max()], [row, row], color="#bbbbbb", linewidth=1)
    for i, model in enumerate(table.models):
        axes.plot(
            values[i, tags],
            range(len(tags)),
            MARKERS[i % len(MARKERS)],
            color=_colour(i),
            markersize=5,
            markeredgecolor="white",
            markeredgewidth=0.4,
            label=model.name,
        )
    axes.set_yticks(range(len(tags)), [f"{table.tags[tag]}  ({n_pos[tag]:,})" for tag in tags])
    axes.set_ylim(len(tags) - 0.4, -0.6)
    axes.set_xlabel(METRICS[metric].title)
    axes.set_ylabel("tag (clips with it)")
    axes.set_title(f"{METRICS[metric].title} of each tag, {_about(table, common=False)}", fontsize=9, loc="left")
    axes.legend(fontsize=8, loc="upper left", bbox_to_anchor=(1.01, 1))
    return 8.2, max(1.2 + ROW * len(tags), 1 + 0.2 * len(table.models))


def _cost(axes: Axes, table: ComparisonTable, cost: str) -> tuple[float, float]:
    """Draw quality against cost, with intervals and the Pareto front."""
    from matplotlib.ticker import EngFormatter, FuncFormatter

    metric = next(iter(table.models[0].metrics))
    quality = [model.metrics[metric].mean for model in table.models]
    cost_of = costs(table.models, cost)
    front = pareto_front(cost_of, [value.value for value in quality])
    best = sorted((cost_of[i], quality[i].value) for i, on_front in enumerate(front) if on_front)
    axes.plot(*zip(*_steps(best), strict=True), color=GREY, linewidth=1, linestyle="--", label="Pareto front")
    for i, model in enumerate(table.models):
        if not math.isnan(cost_of[i] + quality[i].value):
            _cost_point(axes, i, model, cost_of[i], quality[i], front[i])
    axes.set_xscale("log")
    for axis_format in (axes.xaxis.set_major_formatter, axes.xaxis.set_minor_formatter):
        axis_format(FuncFormatter(lambda x, _: f"{x:g}") if cost == "seconds_per_minute" else EngFormatter(sep=""))
    axes.tick_params(axis="x", which="both", labelsize=8)
    axes.set_xlabel(COSTS[cost] + _machine(table, cost))
    axes.set_ylabel(METRICS[metric].title)
    axes.set_title(
        f"{METRICS[metric].title} against cost, {_about(table)}\n"
        "95 % intervals; filled: no other model is at least as good and as cheap",
        fontsize=9,
        loc="left",
    )
    axes.legend(fontsize=8, loc="upper left", bbox_to_anchor=(1.01, 1))
    return 8.2, 4.6


def _cost_point(axes: Axes, i: int, model: ComparedModel, cost: float, value: Interval, on_front: bool) -> None:
    colour = _colour(i)
    if not math.isnan(value.low):
        axes.plot([cost, cost], [value.low, value.high], color=colour, linewidth=1, alpha=0.6)
    axes.plot(
        cost,
        value.value,
        MARKERS[i % len(MARKERS)],
        color=colour,
        markersize=7,
        markerfacecolor=colour if on_front else "white",
        label=model.name,
        linestyle="none",
    )


def _numbers(difference: Interval) -> str:
    """Return a difference with its interval for people."""
    if math.isnan(difference.value):
        return ""
    ends = "" if math.isnan(difference.low) else f" ({difference.low:+.3f} to {difference.high:+.3f})"
    return f"{difference.value:+.3f}{ends}".replace("-", "\N{MINUS SIGN}")


def _steps(points: list[tuple[float, float]]) -> list[tuple[float, float]]:
    """Return the corners of the border of what some model reaches."""
    corners = [corner for (x, y), (right, _) in pairwise(points) for corner in ((x, y), (right, y))]
    return [*corners, *points[-1:]] or [(math.nan, math.nan)]


def _machine(table: ComparisonTable, cost: str) -> str:
    first = table.models[0].info.cost
    return f" ({first.device}, {first.machine}, one thread)" if cost == "seconds_per_minute" and first.machine else ""


def _about(table: ComparisonTable, *, common: bool = True) -> str:
    protocol, tags = table.models[0].info.protocol, int(table.common_tags.sum())
    asking = {"own": "own tags", "zero-shot": "zero-shot", "probe": "probe"}[table.asking]
    mean = f", mean over {tags} tag{'s' if tags > 1 else ''}" if common else ""
    return f"{protocol.name}, {asking}, {len(table.clips):,} clips{mean}"


def _colour(i: int) -> str:
    return COLOURS[i % len(COLOURS)]


def _dashes(i: int) -> str:
    return DASHES[i // len(COLOURS) % len(DASHES)]
