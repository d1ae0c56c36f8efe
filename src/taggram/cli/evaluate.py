"""``taggram evaluate``: scores of models for the test clips of a data set."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from taggram.cli.completion import data_set_names, model_names, protocol_names
from taggram.cli.engines import Address, Engine, use_engine

if TYPE_CHECKING:
    from taggram.errors import TaggramError
    from taggram.evaluation import EvaluationResult, Summary
    from taggram.metrics import Interval


def evaluate(
    data: Annotated[
        str,
        typer.Option(
            metavar="NAME[=PATH]",
            help="Data set and its folder, of table: a table or folder.  \\[default path: ./NAME]",
            autocompletion=data_set_names,
        ),
    ],
    models: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="MODEL",
            help="Names or folders of models, checkpoints or folders of trainings.",
            autocompletion=model_names,
            show_default=False,
        ),
    ] = None,
    protocol: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="Clips, tags, segments and aggregation.  \\[default: the first of the data set]",
            autocompletion=protocol_names,
        ),
    ] = None,
    out: Annotated[
        Path, typer.Option("--out", "-o", metavar="FOLDER", help="Gets a folder per model and mode.")
    ] = Path("results"),
    probe: Annotated[
        bool, typer.Option("--probe", help="Fit a linear probe on the embeddings of the training clips as well.")
    ] = False,
    scores: Annotated[
        list[Path] | None,
        typer.Option(metavar="FILE", help="Scores of another program: CSV, Parquet or npz. Repeatable."),
    ] = None,
    embeddings: Annotated[
        list[Path] | None,
        typer.Option(metavar="FILE", help="Embeddings of another program, for a probe. Repeatable."),
    ] = None,
    all_: Annotated[
        bool, typer.Option("--all", help="Score all splits, for models that were trained on none of them.")
    ] = False,
    without: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME=PATH", help="Leave out recordings in the training split of this data set. Repeatable."
        ),
    ] = None,
    valid: Annotated[
        bool, typer.Option("--valid/--no-valid", help="Score the validation clips as well, for thresholds.")
    ] = True,
    workers: Annotated[
        int | None, typer.Option(min=1, help="Number of workers.  \\[default: 1, on Ray the number of cores]")
    ] = None,
    engine: Engine = "processes",
    address: Address = None,
    device: Annotated[str, typer.Option(help="What models run on: cpu, cuda or cuda:1.")] = "cpu",
    json: Annotated[bool, typer.Option("--json", help="Print one line of JSON per result.")] = False,
) -> None:
    """Evaluate models on the test clips of a data set.

    Stores the score of each clip and tag, and prints ROC-AUC and average precision, means over tags, with 95 %
    intervals by resampling artists. A model without the tags of the data set is scored zero-shot, through a map of
    tags. What is in the folder of results is not computed again. A model that fails does not stop the others; the exit
    code is then 1. Needs the train extra.
    """
    from taggram import evaluation
    from taggram._progress import progress

    if not (models or scores or embeddings):
        raise typer.BadParameter("give a MODEL, --scores or --embeddings")
    name, folder = name_and_path(data)
    failed = []

    def print_error(model: str, error: TaggramError) -> None:
        failed.append(model)
        print(f"error: {error}", file=sys.stderr)

    with use_engine(engine, address) as cores:
        results = evaluation.evaluate(
            models or [],
            name,
            folder,
            protocol=protocol,
            out=out,
            probe=probe,
            valid=valid,
            all_splits=all_,
            without=dict(map(name_and_path, without or [])),
            scores=scores or [],
            embeddings=embeddings or [],
            workers=workers or cores or 1,
            device=device,
            progress=progress,
            report=lambda line: print(f"warning: {line}", file=sys.stderr),
            on_error=print_error,
        )
    rows = [(result, evaluation.summarize(result.test)) for result in results]
    if json:
        for row in rows:
            print(_to_json(*row))
    elif rows:
        _print_table(rows)
    if failed:
        raise typer.Exit(1)


def name_and_path(text: str) -> tuple[str, Path]:
    """Return name and folder of a data set in an option; without a folder it is the name."""
    name, _, path = text.partition("=")
    return name, Path(path or name)


def _print_table(rows: list[tuple[EvaluationResult, Summary]]) -> None:
    """Print a table for each mode, as their figures are not comparable."""
    protocol = rows[0][0].info.protocol
    print(f"{protocol.name} ({protocol.hash}){', leaky' if protocol.leaky else ''}")
    titles = {"own": "own tags", "zero-shot": "zero-shot", "probe": "probe of the embedding"}
    for mode, title in titles.items():
        scored = {tuple(result.test.scored.tolist()) for result, _ in rows if result.info.mode == mode}
        if len(scored) > 1:
            common = sum(map(all, zip(*scored, strict=True)))
            print(
                f"warning: {title}: the models have scores for different tags, {common} of them in common: means over "
                "different tags are not comparable",
                file=sys.stderr,
            )
        cells = [
            (result.info.model, _figure(summary.roc_auc), _figure(summary.average_precision), *_counts(result, summary))
            for result, summary in rows
            if result.info.mode == mode
        ]
        if cells:
            table = [(title, "ROC-AUC", "AP", "clips", "groups", "tags"), *cells]
            widths = [max(map(len, column)) for column in zip(*table, strict=True)]
            print()
            for row in table:
                print("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())


def _figure(interval: Interval) -> str:
    if interval.value != interval.value:  # NaN
        return "-"
    return f"{interval.value:.3f} ({interval.low:.3f} to {interval.high:.3f})"


def _counts(result: EvaluationResult, summary: Summary) -> tuple[str, str, str]:
    """Return the numbers of clips, groups and tags; of tags those with a value, if some have none."""
    missing = f", {len(result.info.missing)} missing" if result.info.missing else ""
    tags = f"{summary.scored_tags} of {len(result.test.tags)}"
    if summary.tags < summary.scored_tags:
        tags += f", {summary.tags} with a value"
    return f"{summary.clips}{missing}", str(summary.groups), tags


def _to_json(result: EvaluationResult, summary: Summary) -> str:
    import json

    def numbers(interval: Interval) -> list[float] | None:
        return None if interval.value != interval.value else [round(value, 6) for value in interval]

    info = result.info
    return json.dumps(
        {
            "model": info.model,
            "mode": info.mode,
            "origin": info.origin,
            "protocol": info.protocol.name,
            "protocol_hash": info.protocol_hash,
            "leaky": info.protocol.leaky,
            "roc_auc": numbers(summary.roc_auc),
            "average_precision": numbers(summary.average_precision),
            "clips": summary.clips,
            "missing": len(info.missing),
            "groups": summary.groups,
            "tags": len(result.test.tags),
            "scored_tags": summary.scored_tags,
            "tags_with_value": summary.tags,
            "folder": str(result.folder),
        },
        ensure_ascii=False,
    )
