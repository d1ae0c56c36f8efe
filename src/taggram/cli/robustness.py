"""``taggram robustness``: scores of models for deformed clips, against those for the clips as they are."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from taggram.cli.completion import data_set_names, model_names, protocol_names
from taggram.cli.engines import Address, Engine, use_engine

if TYPE_CHECKING:
    from taggram.errors import TaggramError
    from taggram.evaluation.robustness.robustness_table import RobustnessTable

TITLES = {"own": "own tags", "zero-shot": "zero-shot", "unlabelled": "without labels"}


def robustness(
    models: Annotated[
        list[str],
        typer.Argument(
            metavar="MODEL",
            help="Names or folders of models, checkpoints or folders of trainings.",
            autocompletion=model_names,
            show_default=False,
        ),
    ],
    data: Annotated[
        str,
        typer.Option(
            metavar="NAME[=PATH]",
            help="Data set and its folder, or a folder of audio without labels.  \\[default path: ./NAME]",
            autocompletion=data_set_names,
        ),
    ],
    grid: Annotated[
        str, typer.Option(metavar="NAME", help="Deformations with their strengths: won2020, quick or full.")
    ] = "won2020",
    deformation: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME[=STRENGTH]", help="Deformation in place of the grid, see taggram deform --list. Repeatable."
        ),
    ] = None,
    clips: Annotated[int | None, typer.Option(min=1, metavar="N", help="Score a random sample of the clips.")] = None,
    protocol: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="Clips, tags, segments and aggregation.  \\[default: the first of the data set]",
            autocompletion=protocol_names,
        ),
    ] = None,
    out: Annotated[
        Path, typer.Option("--out", "-o", metavar="FOLDER", help="Gets a folder per model, deformation and mode.")
    ] = Path("results"),
    all_: Annotated[
        bool, typer.Option("--all", help="Score all splits, for models that were trained on none of them.")
    ] = False,
    without: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME=PATH", help="Leave out recordings in the training split of this data set. Repeatable."
        ),
    ] = None,
    files: Annotated[
        Path | None, typer.Option(metavar="FOLDER", help="Gets all tables as CSV, all curves as PNG and SVG.")
    ] = None,
    workers: Annotated[
        int | None, typer.Option(min=1, help="Number of workers.  \\[default: 1, on Ray the number of cores]")
    ] = None,
    engine: Engine = "processes",
    address: Address = None,
) -> None:
    """Evaluate models on deformed clips: other tempo or key, compression, noise.

    Stores the score of each clip and tag like taggram evaluate, and prints which share of the average precision is
    retained under each deformation, and how far a model agrees with its own tags of the clips as they are, for which
    no labels are needed. What is in the folder of results is not computed again, and an interrupted run is resumed. A
    model that fails does not stop the others; the exit code is then 1. Needs the train and deform extras.
    """
    from taggram import evaluation
    from taggram._progress import progress
    from taggram.cli.evaluate import name_and_path
    from taggram.evaluation.robustness.export import write_robustness
    from taggram.reporting import require_matplotlib

    if files is not None:
        require_matplotlib()
    name, folder = name_and_path(data)
    failed = []

    def print_error(model: str, error: TaggramError) -> None:
        failed.append(model)
        print(f"error: {error}", file=sys.stderr)

    known = {definition.dataset for definition in evaluation.PROTOCOLS.values()}
    is_folder = "=" not in data and name not in known
    with use_engine(engine, address) as cores:
        results = evaluation.evaluate_robustness(
            models,
            name,
            None if is_folder else folder,
            deformations=deformation or grid,
            clips=clips,
            protocol=protocol,
            out=out,
            all_splits=all_,
            without=dict(map(name_and_path, without or [])),
            workers=workers or cores or 1,
            progress=progress,
            report=lambda line: print(f"warning: {line}", file=sys.stderr),
            on_error=print_error,
        )
    if results:
        summary = evaluation.summarize_robustness(results)
        for number, table in enumerate(summary.tables):
            if number:
                print()
            _print_table(table)
        if files is not None:
            print(f"{len(write_robustness(summary, files))} files in {files}", file=sys.stderr)
    if failed:
        raise typer.Exit(1)


def _print_table(table: RobustnessTable) -> None:
    from taggram.cli.compare import print_columns
    from taggram.evaluation.comparison.tables import shown

    tags = f", {table.common_tags.sum()} of {len(table.tags)} tags, which all models have" if table.has_labels else ""
    print(
        f"{table.protocol.name} ({table.protocol.hash}), {TITLES[table.mode]}: {table.clips:,} clips of "
        f"{table.groups:,} artists or recordings{tags}"
    )
    rows = [["model", table.title, *table.deformation_names, "AP, not deformed" if table.has_labels else ""]]
    for model in table.models:
        means = [shown(interval.value) or "-" for interval in model.by_deformation.values()]
        clean = shown(model.clean["average_precision"].value) if table.has_labels else ""
        rows.append([model.name, shown(model.robustness) or "-", *means, clean])
    print_columns(rows)
