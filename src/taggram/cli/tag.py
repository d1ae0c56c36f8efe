"""``taggram tag``: name what is heard in files and folders."""

from __future__ import annotations

import itertools
import os
import sys
import time
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from taggram.tagging import Prediction, Tagged, Tagger

FEW = 5  # four clips of 30 s take as long in two processes as in one, starting them included


class Aggregation(StrEnum):
    """How the scores of a clip are made of those of its segments."""

    mean = "mean"
    max = "max"
    vote = "vote"


class Backend(StrEnum):
    """What runs the model."""

    onnx = "onnx"
    torch = "torch"


def tag(
    paths: Annotated[
        list[str],
        typer.Argument(metavar="PATH...", help="Files, folders, quoted patterns, or - for a list on standard input."),
    ],
    model: Annotated[
        str | None, typer.Option(help="Name of a model (see: taggram models list) or its folder.", show_default=False)
    ] = None,
    top: Annotated[int | None, typer.Option(min=1, help="How many tags.  \\[default: 5; all with --json]")] = None,
    json: Annotated[bool, typer.Option("--json", help="Print one line of JSON per file.")] = False,
    csv: Annotated[bool, typer.Option("--csv", help="Print one row per file, one column per tag.")] = False,
    over_time: Annotated[bool, typer.Option("--over-time", help="Show the tags over time: the taggram.")] = False,
    plot: Annotated[
        Path | None, typer.Option(metavar="FILE.png|svg", help="Draw spectrogram and taggram of one file.")
    ] = None,
    start: Annotated[float, typer.Option(min=0, metavar="SECONDS", help="Where to begin in each file.")] = 0.0,
    duration: Annotated[float | None, typer.Option(metavar="SECONDS", help="How much of each file.")] = None,
    segments: Annotated[
        int | None, typer.Option(min=1, help="Look at this many evenly spaced segments.  \\[default: all of the file]")
    ] = None,
    aggregation: Annotated[
        Aggregation | None, typer.Option(help="From segments to the file.  \\[default: mean]")
    ] = None,
    workers: Annotated[
        int | None, typer.Option(min=1, help=f"Processes.  \\[default: the cores, from {FEW} files on]")
    ] = None,
    backend: Annotated[Backend, typer.Option(help="What runs the model.")] = Backend.onnx,
    device: Annotated[str, typer.Option(help="Device of the torch backend.")] = "cpu",
) -> None:
    """Name what is heard in music files.

    Prints the top tags of each file; warnings and a summary go to stderr. A file that cannot be tagged is reported and
    the others go on; the exit code is then 1.
    """
    from taggram.audio import EvenlySpaced
    from taggram.cli.collect import collect
    from taggram.tagging import DEFAULT_MODEL, Tagger

    if csv and (json or over_time or top is not None):
        raise typer.BadParameter("--csv has all tags of the whole file: it takes no --json, --over-time or --top")
    if plot is not None and plot.suffix.lower() not in (".png", ".svg"):
        raise typer.BadParameter(f"{plot}: the picture must be a .png or .svg file")
    if duration is not None and duration <= 0:
        raise typer.BadParameter("--duration must be above 0")
    if plot is not None:
        from taggram.tagging.plot import plot_taggram, require_matplotlib

        require_matplotlib()

    began = time.perf_counter()
    found = list(collect(paths))
    files = [file for file in found if isinstance(file, str)]
    if plot is not None and len(files) != 1:
        raise typer.BadParameter("--plot draws one file")
    tagger = Tagger(
        model or DEFAULT_MODEL,
        segmentation=None if segments is None else EvenlySpaced(segments),
        aggregation=None if aggregation is None else aggregation.value,
        backend=backend.value,
        device=device,
    )
    if workers is None:
        workers = 1 if len(files) < FEW else len(os.sched_getaffinity(0))
    not_found = (tagged for tagged in found if not isinstance(tagged, str))
    results = tagger.tag_many(files, workers=min(workers, len(files)), start=start, duration=duration)
    printer = _printer(tagger, json=json, csv=csv, top=top, over_time=over_time)
    tally = _Tally()
    for tagged in _with_progress(itertools.chain(not_found, results), len(found)):
        if tagged.prediction is None:
            printer.failure(tagged)
            tally.failed(tagged)
        else:
            printer.success(tagged.prediction)
            tally.done(tagged.prediction)
            if plot is not None:
                plot_taggram(tagged.prediction, plot)
    tally.summary(time.perf_counter() - began)
    if tally.errors:
        raise typer.Exit(1)


class _Tally:
    """Warnings and errors as they come, and the line at the end."""

    def __init__(self) -> None:
        self.files = self.errors = 0
        self.seconds = 0.0

    def done(self, prediction: Prediction) -> None:
        self.files += 1
        self.seconds += prediction.duration
        for warning in prediction.warnings:
            print(f"warning: {prediction.path}: {warning}", file=sys.stderr)

    def failed(self, tagged: Tagged) -> None:
        self.files += 1
        self.errors += 1
        print(f"error: {tagged.error}", file=sys.stderr)

    def summary(self, wall: float) -> None:
        files = f"{self.files} file{'' if self.files == 1 else 's'}"
        speed = f"{self.seconds:.1f} s of audio in {wall:.2f} s ({self.seconds / wall:.0f} x real time)"
        print(f"{files}, {self.errors} failed, {speed}", file=sys.stderr)


class _Tables:
    """For people."""

    def __init__(self, n: int, over_time: bool) -> None:
        from rich.console import Console

        self._console = Console()
        self._n, self._over_time = n, over_time

    def success(self, prediction: Prediction) -> None:
        from taggram.cli import render

        self._console.print(render.headline(prediction), soft_wrap=True)
        if self._over_time:
            self._console.print(render.heat_map(prediction, self._n, self._console.width))
        else:
            self._console.print(render.table(prediction, self._n))
        self._console.print()

    def failure(self, tagged: Tagged) -> None:
        """Show nothing: the line on stderr says it."""


class _Json:
    """For programs: one line per file, failed ones too."""

    def __init__(self, n: int | None, over_time: bool) -> None:
        self._n, self._over_time = n, over_time

    def success(self, prediction: Prediction) -> None:
        print(prediction.to_json(self._n, over_time=self._over_time), flush=True)

    def failure(self, tagged: Tagged) -> None:
        import json

        print(json.dumps({"path": tagged.path, "error": str(tagged.error)}, ensure_ascii=False), flush=True)


class _Csv:
    """For spreadsheets: a row per file, a column per tag."""

    def __init__(self, tags: tuple[str, ...]) -> None:
        import csv

        self._writer = csv.writer(sys.stdout, lineterminator="\n")
        self._writer.writerow(["path", "duration", *tags])

    def success(self, prediction: Prediction) -> None:
        scores = [f"{score:.6f}" for score in prediction.song_scores()]
        self._writer.writerow([prediction.path, f"{prediction.duration:.3f}", *scores])
        sys.stdout.flush()

    def failure(self, tagged: Tagged) -> None:
        """Write nothing: the line on stderr says it."""


def _printer(tagger: Tagger, *, json: bool, csv: bool, top: int | None, over_time: bool) -> _Tables | _Json | _Csv:
    if json:
        return _Json(top, over_time)
    if csv:
        return _Csv(tagger.card.vocabulary.names)
    return _Tables(top or 5, over_time)


def _with_progress(results: Iterable[Tagged], total: int) -> Iterator[Tagged]:
    """Show a progress bar on stderr while several files are tagged and somebody watches."""
    if total == 1 or not sys.stderr.isatty():
        yield from results
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeRemainingColumn

    columns = (BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("tagging", total=total)
        for tagged in results:
            yield tagged
            progress.advance(task)
