"""``taggram learn``: a model for tags of one's own, from labelled clips."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from taggram.cli.completion import model_names
from taggram.cli.data.arguments import check_readable

if TYPE_CHECKING:
    from taggram.metrics import Interval
    from taggram.training.probing.cross_validation import CrossValidation

MATRIX_TAGS = 12  # in a confusion matrix that is printed
NAMES = 10  # in a list of tags


def learn(
    data: Annotated[
        Path,
        typer.Argument(
            metavar="FOLDER|TABLE",
            readable=False,
            callback=check_readable,
            help="A folder with one sub-folder per tag, or a .csv, .tsv, .jsonl or .parquet table with the columns "
            "path, labels and artist.",
        ),
    ],
    out: Annotated[
        Path | None,
        typer.Option(
            "--out", "-o", metavar="FOLDER", help="Folder of the model.  \\[default: the one of installed models]"
        ),
    ] = None,
    name: Annotated[
        str | None,
        typer.Option(help="Name of the model.  \\[default: that of the folder or table]", show_default=False),
    ] = None,
    model: Annotated[
        str,
        typer.Option(
            "--model", "-m", help="Name or folder of the network whose embedding is used.", autocompletion=model_names
        ),
    ] = "default",
    seed: Annotated[int, typer.Option(min=0, help="Seed of the folds.")] = 0,
    workers: Annotated[
        int | None, typer.Option(min=1, help="Number of processes.  \\[default: the cores]", show_default=False)
    ] = None,
) -> None:
    """Learn your own tags from labelled clips.

    Fits a linear probe on the embedding of a model; a dozen clips per tag are enough to begin with. Prints for each tag
    the ROC-AUC and average precision of a cross-validation by artist, with 95 % intervals, and which tags have few
    clips or are confused. A file that is missing, damaged or silent is reported and left out; the exit code is then 1.
    Needs the train extra.
    """
    from taggram import training
    from taggram._progress import progress
    from taggram._system import cpu_count
    from taggram._text import encode_path, printable

    result = training.learn(
        data,
        out,
        name=name,
        model=model,
        seed=seed,
        workers=workers or cpu_count(),
        progress=progress,
        report=lambda line: print(printable(line), file=sys.stderr),
    )
    _print_tags(result.cross_validation)
    _print_confusion(result.cross_validation)
    if result.omitted_tags:
        tag, reason = next(iter(result.omitted_tags.items()))
        print(f"not learned: {_some(list(result.omitted_tags))} ({printable(tag)}: {reason})")
    print(f"model: {encode_path(str(result.folder))}")
    if result.failed:
        raise typer.Exit(1)


def _print_tags(validation: CrossValidation) -> None:
    from taggram._text import counted
    from taggram.training.probing.cross_validation import FEW

    print(f"{validation.clips} clips; {validation.protocol}")
    rows: list[tuple[str, ...]] = [("tag", "clips", "artists", "ROC-AUC", "AP", "confused with")]
    for tag in validation.tags:
        confused = f"{_short(tag.confused_with)} ({counted(tag.confused_clips, 'clip')})" if tag.confused_clips else ""
        counts = str(tag.clips), str(tag.artists)
        rows.append((_short(tag.name), *counts, _figure(tag.roc_auc), _figure(tag.average_precision), confused))
    rows.append(("mean", "", "", _figure(validation.roc_auc), _figure(validation.average_precision), ""))
    _print_columns(rows)
    if few := [tag.name for tag in validation.tags if tag.few]:
        print(f"fewer than {FEW} clips: {_some(few)}")


def _print_confusion(validation: CrossValidation) -> None:
    """Print the confusion matrix, with numbers for the names of the columns."""
    if not 1 < len(validation.tags) <= MATRIX_TAGS:
        return
    print("\nclips by their tag and their highest tag")
    numbers = [str(number) for number in range(1, len(validation.tags) + 1)]
    rows = [("", "", *numbers)]
    for number, tag, row in zip(numbers, validation.tags, validation.confusion.tolist(), strict=True):
        rows.append((number, _short(tag.name), *map(str, row)))
    _print_columns(rows)
    print()


def _print_columns(rows: list[tuple[str, ...]]) -> None:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())


def _figure(interval: Interval) -> str:
    return f"{interval.value:.2f} ({interval.low:.2f} to {interval.high:.2f})"


def _short(tag: str) -> str:
    from taggram._text import printable

    text = printable(tag)
    return text if len(text) <= 24 else f"{text[:23]}…"


def _some(tags: list[str]) -> str:
    more = f" and {len(tags) - NAMES} more" if len(tags) > NAMES else ""
    return ", ".join(map(_short, tags[:NAMES])) + more
