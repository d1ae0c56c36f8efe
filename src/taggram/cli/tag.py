"""``taggram tag``: name what is heard in files and folders."""

from __future__ import annotations

import itertools
import shutil
import sys
import time
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from taggram._progress import progress
from taggram._system import cpu_count

if TYPE_CHECKING:
    from taggram.cli.selection import Selection
    from taggram.tagging import Prediction, Tagged

PICTURE = 12  # tags in a picture, where no thresholds say which
TABLE = 5  # and in a table
FEW = 5  # four clips of 30 s take as long in two processes as in one, starting them included


class Policy(StrEnum):
    """By which thresholds a tag holds."""

    f1 = "f1"
    top = "top"
    precision = "precision"


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
        str | None,
        typer.Option(help="Name of a model (see: taggram models list) or its folder.  \\[default: default]"),
    ] = None,
    policy: Annotated[
        Policy | None,
        typer.Option(help="Thresholds: as often as in the top ten, best F1, or precise.  \\[default: top]"),
    ] = None,
    top: Annotated[
        int | None, typer.Option(min=1, help="The highest tags, whatever their thresholds.  \\[without any: 5]")
    ] = None,
    all_: Annotated[bool, typer.Option("--all", help="All tags.")] = False,
    vocabulary: Annotated[
        str | None,
        typer.Option(metavar="taggram|mtat|msd|jamendo", help="Answer in these tags.  \\[default: the model's]"),
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print one line of JSON per file.")] = False,
    csv: Annotated[bool, typer.Option("--csv", help="Print one row per file, one column per tag.")] = False,
    over_time: Annotated[bool, typer.Option("--over-time", help="Show the tags over time: the taggram.")] = False,
    plot: Annotated[
        Path | None,
        typer.Option(metavar="PICTURE|FOLDER", help="Draw spectrogram and taggram: NAME.png|svg, or a folder for all."),
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

    Prints the tags of each file that pass their thresholds, or the highest if the model has none; warnings and a
    summary go to stderr. A file that cannot be tagged is reported and the others go on; the exit code is then 1.
    """
    from taggram.audio import EvenlySpaced
    from taggram.cli.collect import collect
    from taggram.cli.selection import Selection
    from taggram.tagging import DEFAULT_MODEL, Tagger
    from taggram.vocabularies import VocabularyMap

    choices = [top is not None, all_, policy is not None]
    if csv and (json or over_time or any(choices)):
        raise typer.BadParameter(
            "--csv has all tags of the whole file: it takes no --json, --over-time, --top, --all or --policy"
        )
    if sum(choices) > 1:
        raise typer.BadParameter("--top, --all and --policy each say which tags: give one of them")
    if duration is not None and duration <= 0:
        raise typer.BadParameter("--duration must be above 0")
    if plot is not None:
        from taggram.tagging.plot import plot_taggram, require_matplotlib

        require_matplotlib()

    began = time.perf_counter()
    found = list(collect(paths))
    files = [file for file in found if isinstance(file, str)]
    pictures = {} if plot is None else _pictures(plot, files)
    tagger = Tagger(
        model or DEFAULT_MODEL,
        segmentation=None if segments is None else EvenlySpaced(segments),
        aggregation=None if aggregation is None else aggregation.value,
        backend=backend.value,
        device=device,
    )
    select = Selection.of(tagger.card, None if policy is None else policy.value, top, all_)
    spoken = tagger.card.vocabulary
    if vocabulary is not None:
        spoken = VocabularyMap.from_names(spoken, vocabulary).target
    if workers is None:
        workers = 1 if len(files) < FEW else cpu_count()
    not_found = (tagged for tagged in found if not isinstance(tagged, str))
    results = tagger.tag_many(files, workers=min(workers, len(files)), start=start, duration=duration)
    printer: _Tables | _Json | _Csv
    if json:
        printer = _Json(select, over_time)
    elif csv:
        printer = _Csv(spoken.names)
    else:
        printer = _Tables(select, over_time)
    tally = _Tally()
    for tagged in progress(itertools.chain(not_found, results), len(found), "tagging"):
        if tagged.prediction is None:
            printer.failure(tagged)
            tally.failed(tagged)
        else:
            prediction = tagged.prediction.in_vocabulary(spoken.name)
            printer.success(prediction)
            tally.done(prediction)
            if pictures:
                plot_taggram(prediction, pictures[tagged.path], select(prediction, PICTURE))
    tally.summary(time.perf_counter() - began)
    if tally.errors:
        raise typer.Exit(1)


def _pictures(plot: Path, files: list[str]) -> dict[str, Path]:
    """Say where the picture of each file goes; a folder is made."""
    from taggram.errors import TaggramError

    if plot.suffix.lower() in (".png", ".svg"):
        if len(files) > 1:
            raise typer.BadParameter(f"--plot {plot} is one picture, for {len(files)} files: name a folder")
        return dict.fromkeys(files, plot)
    if plot.suffix and not plot.is_dir():
        raise typer.BadParameter(f"--plot {plot}: a picture is a .png or .svg file")
    pictures = {file: plot / f"{Path(file).stem}.png" for file in files}
    if len(set(pictures.values())) < len(pictures):
        raise typer.BadParameter(f"--plot {plot}: several files have the same name, and so would their pictures")
    try:
        plot.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise TaggramError(f"{plot}: the folder cannot be made: {error.strerror}") from error
    return pictures


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

    def __init__(self, select: Selection, over_time: bool) -> None:
        self._select, self._over_time = select, over_time

    def success(self, prediction: Prediction) -> None:
        from taggram.cli import render

        tags = self._select(prediction, TABLE)
        print(render.headline(prediction))
        if not tags:
            print("no tag passes its threshold; --top 5 shows the strongest")
        elif self._over_time:
            print(render.heat_map(prediction, tags, shutil.get_terminal_size().columns))
        elif self._select.grouped:
            print(render.grouped(prediction, tags))
        else:
            print(render.table(prediction, tags))
        print(flush=True)

    def failure(self, tagged: Tagged) -> None:
        """Show nothing: the line on stderr says it."""


class _Json:
    """For programs: one line per file, failed ones too."""

    def __init__(self, select: Selection, over_time: bool) -> None:
        self._select, self._over_time = select, over_time

    def success(self, prediction: Prediction) -> None:
        tags = self._select(prediction, len(prediction.vocabulary))
        print(prediction.to_json(tags, over_time=self._over_time), flush=True)

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
