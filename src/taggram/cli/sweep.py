"""``taggram sweep``: a recipe with different settings and seeds."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from taggram.cli.engines import Address, Engine, use_engine
from taggram.cli.train import Device

if TYPE_CHECKING:
    from taggram.training.sweep import SweepResult

PAGE = "sweep.html"

TrialThreads = Annotated[
    int | None,
    typer.Option(
        min=1, help="Threads of each training on the CPU.  \\[default: 1 with several workers, else all cores]"
    ),
]


def sweep(
    recipe: Annotated[
        Path,
        typer.Argument(metavar="RECIPE", help="A YAML file with the section sweep, or a name of taggram recipes list."),
    ],
    out: Annotated[Path, typer.Option("--out", "-o", metavar="FOLDER", help="Gets models, tables and a page.")],
    device: Device = "auto",
    threads: TrialThreads = None,
    workers: Annotated[
        int | None,
        typer.Option(min=1, help="Number of trials at a time.  \\[default: 1, on Ray the number of cores]"),
    ] = None,
    engine: Engine = "processes",
    address: Address = None,
) -> None:
    """Train a recipe with different settings, each combination once with each seed.

    The section sweep of the recipe has the values of settings: a grid, or a space that Optuna searches. Prints a table
    of the combinations, best first, by the metric on the validation split. An interrupted sweep is resumed. A training
    that fails does not stop the others; the exit code is then 1. Needs the train, sweep and report extras.
    """
    from taggram._progress import progress
    from taggram.evaluation.sweep_report import sweep_report
    from taggram.reporting import require_jinja2, require_matplotlib
    from taggram.training import sweep as library

    require_jinja2()
    require_matplotlib()
    with use_engine(engine, address) as cores:
        try:
            result = library.sweep(
                recipe,
                out,
                device=device,
                threads=threads,
                workers=workers or cores or 1,
                progress=progress,
                report=lambda line: print(line, file=sys.stderr),
            )
        except KeyboardInterrupt:
            print("interrupted; run the same command again to resume", file=sys.stderr)
            raise
    sweep_report(result, out / PAGE)
    print_table(result)
    print(out / PAGE)
    if result.failed:
        raise typer.Exit(1)


def print_table(result: SweepResult) -> None:
    """Print the trials, best first, then those that were pruned or failed."""
    from taggram.cli.compare import print_columns
    from taggram.training.recipe.recipe import format_value
    from taggram.training.sweep.results import METRICS, format_moments

    rows = [["trial", *result.names.values(), *METRICS.values(), "runs", ""]]
    rest = [trial for trial in result.trials if trial.state != "complete"]
    for trial in (*result.ranking, *rest):
        values = [format_value(trial.values.get(setting, "-")) for setting in result.settings]
        metrics = [format_moments(trial, metric) for metric in METRICS]
        state = "" if trial.state == "complete" else trial.state
        rows.append([str(trial.number), *values, *metrics, str(len(trial.runs)), state])
    print_columns(rows)
