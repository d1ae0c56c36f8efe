"""Robustness as files: tables as CSV, figures as PNG and SVG."""

from __future__ import annotations

from pathlib import Path

from taggram.evaluation.comparison.export import write_file
from taggram.evaluation.robustness.figures import robustness_figures
from taggram.evaluation.robustness.summary import Robustness
from taggram.evaluation.robustness.tables import robustness_tables
from taggram.reporting import require_matplotlib, theme, to_bytes

__all__ = ["write_robustness"]


def write_robustness(robustness: Robustness, folder: Path) -> list[Path]:
    """Write every table as CSV, and every figure as PNG and SVG.

    Parameters
    ----------
    robustness
        Of models.
    folder
        Is created; files of the same names are replaced.

    Returns
    -------
    list of Path
        The files.

    Raises
    ------
    EvaluationError
        If a file cannot be written.
    MissingExtraError
        If matplotlib is not installed.
    """
    require_matplotlib()
    files = {f"{table.name}.csv": table.to_csv().encode() for table in robustness_tables(robustness)}
    with theme():
        for table in robustness.tables:
            for name, _, title, figure in robustness_figures(table):
                heading = f"{title}\n{table.protocol.name} ({table.protocol.hash}), {table.mode}"
                files[f"{name}.png"] = to_bytes(figure, heading, "png")
                files[f"{name}.svg"] = to_bytes(figure, heading, "svg")
    for name, content in files.items():
        write_file(folder / name, content)
    return [folder / name for name in files]
