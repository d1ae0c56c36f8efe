"""Comparisons as files: tables as CSV and LaTeX, figures as PNG and SVG."""

from __future__ import annotations

from pathlib import Path

from taggram._files import atomic_file
from taggram.errors import EvaluationError
from taggram.evaluation.compare import Comparison
from taggram.evaluation.comparison.figures import comparison_figures
from taggram.evaluation.comparison.tables import comparison_tables, model_table
from taggram.reporting import require_matplotlib, theme, to_bytes

__all__ = ["write_comparison", "write_csv", "write_file"]


def write_csv(comparison: Comparison, file: Path) -> None:
    """Write a row per model, with columns of their own for each mode.

    Raises
    ------
    EvaluationError
        If the file cannot be written.
    """
    write_file(file, model_table(comparison).to_csv().encode())


def write_comparison(comparison: Comparison, folder: Path) -> list[Path]:
    """Write every table as CSV and LaTeX, and every figure as PNG and SVG.

    Parameters
    ----------
    comparison
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
    files = {}
    for table in comparison_tables(comparison):
        files[f"{table.name}.csv"] = table.to_csv().encode()
        files[f"{table.name}.tex"] = table.to_latex().encode()
    protocol = comparison.protocol
    with theme():
        for of_mode in comparison.tables:
            for name, _, title, _, figure in comparison_figures(of_mode):
                heading = f"{title}\n{protocol.name} ({protocol.hash}), {of_mode.mode}"
                files[f"{name}.png"] = to_bytes(figure, heading, "png")
                files[f"{name}.svg"] = to_bytes(figure, heading, "svg")
    for name, content in files.items():
        write_file(folder / name, content)
    return [folder / name for name in files]


def write_file(file: Path, content: bytes) -> None:
    """Write a file whole or not at all, and create its folder.

    Raises
    ------
    EvaluationError
        If the file cannot be written.
    """
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        with atomic_file(file) as scratch:
            scratch.write_bytes(content)
    except OSError as error:
        raise EvaluationError(f"{file} cannot be written ({error.strerror or error}): choose another place") from error
