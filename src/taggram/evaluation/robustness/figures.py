"""Figures of the robustness of models."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from taggram.deform import DEFORMATIONS, Chain
from taggram.evaluation.robustness.build_table import METRICS
from taggram.evaluation.robustness.robustness_table import RobustnessTable
from taggram.evaluation.robustness.tables import file_prefix
from taggram.reporting import plots

if TYPE_CHECKING:
    from matplotlib.figure import Figure
else:
    Figure = Any  # matplotlib is optional, and loaded only when it is used

__all__ = ["RobustnessFigure", "robustness_figures"]


class RobustnessFigure(NamedTuple):
    """A figure.

    Attributes
    ----------
    name
        Of its file, without a suffix.
    deformation
        Name of the deformation that it shows; empty: all.
    title
        What it shows.
    figure
        To be saved within `taggram.reporting.theme`.
    """

    name: str
    deformation: str
    title: str
    figure: Figure


def robustness_figures(table: RobustnessTable, series: Mapping[str, int] | None = None) -> Iterator[RobustnessFigure]:
    """Yield the figures of models under the same deformations, within `taggram.reporting.theme`.

    Parameters
    ----------
    table
        The models.
    series
        Position of each model, which decides on its colour; None: from the most robust one on.
    """
    names = [model.name for model in table.models]
    positions = [(series or {name: i for i, name in enumerate(names)})[name] for name in names]
    prefix = file_prefix(table)
    means = plots.intervals(names, [model.robustness for model in table.models], table.title, positions)
    yield RobustnessFigure(f"{prefix}-means", "", f"{table.title}, mean over deformations, with 95 % intervals", means)
    for deformation in table.deformation_names:
        of_models = [model.of(deformation) for model in table.models]
        ticks = [_short(condition.deformation.strength) for condition in of_models[0]]
        strength = _axis(of_models[0][0].deformation)
        if table.has_labels:
            for name, metric in METRICS.items():
                values = [[condition.drops[name].change for condition in conditions] for conditions in of_models]
                axis = f"change of {metric.title}"
                figure = plots.strengths(names, values, ticks, strength, axis, positions, base=0)
                title = f"Change of {metric.title} under {deformation}, with paired 95 % intervals"
                yield RobustnessFigure(f"{prefix}-{deformation}-{name}", deformation, title, figure)
        else:
            values = [[condition.score for condition in conditions] for conditions in of_models]
            figure = plots.strengths(names, values, ticks, strength, table.title, positions, base=1)
            title = f"Agreement with own tags under {deformation}, with 95 % intervals"
            yield RobustnessFigure(f"{prefix}-{deformation}", deformation, title, figure)


def _axis(deformation: Chain) -> str:
    """Return a label such as ``"noise: snr, dB"``."""
    units = (DEFORMATIONS[name].parameter for name, _ in deformation.steps)
    return f"{deformation.name}: {'; '.join(', '.join(filter(None, [unit.name, unit.unit])) for unit in units)}"


def _short(strength: str) -> str:
    """Return a strength with three decimals at most.

    Examples
    --------
    >>> _short("0.7071067811865476"), _short("speech"), _short("64,0.5")
    ('0.707', 'speech', '64,0.5')
    """
    parts = strength.split(",")
    return ",".join(f"{float(part):.3g}" if part.replace(".", "").lstrip("-").isdigit() else part for part in parts)
