"""``taggram report``: a comparison of models as one HTML file."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from taggram.cli.compare import Metrics, Reference, Results


def report(
    results: Results,
    out: Annotated[Path, typer.Option("--out", "-o", metavar="FILE", help="HTML file to write.")] = Path("report.html"),
    metric: Metrics = None,
    reference: Reference = None,
    files: Annotated[
        Path | None,
        typer.Option(metavar="FOLDER", help="Gets all tables as CSV and LaTeX, all figures as PNG and SVG."),
    ] = None,
) -> None:
    """Write a comparison of models as one HTML file.

    Has a summary in words, rankings, curves, values of each tag, calibration, confusion matrices, cost, robustness if
    there are results of taggram robustness, and the protocol. The file needs no network. The same results as in taggram
    compare. Needs the train and report extras.
    """
    from taggram import evaluation
    from taggram.evaluation.comparison.export import write_comparison
    from taggram.evaluation.robustness.export import write_robustness
    from taggram.reporting import require_matplotlib

    require_matplotlib()
    comparison = evaluation.compare(results, metrics=metric or evaluation.DEFAULT_METRICS, reference=reference)
    robustness = evaluation.summarize_robustness(results)
    evaluation.report(comparison, out, robustness)
    if files is not None:
        written = write_comparison(comparison, files) + write_robustness(robustness, files)
        print(f"{len(written)} files in {files}", file=sys.stderr)
    print(out)
