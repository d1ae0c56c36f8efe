"""``taggram tag``: tag music files."""

from __future__ import annotations

import itertools
import os
import shutil
import sys
import time
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from taggram._progress import progress
from taggram._text import counted, encode_path, printable
from taggram.cli.completion import model_names
from taggram.cli.engines import Address, Engine, use_engine
from taggram.cli.times import parse_time
from taggram.errors import TaggramError

if TYPE_CHECKING:
    from taggram.tagging import Prediction, TagResult
    from taggram.tagging.selection import Selection

# Number of tags where neither thresholds nor options select them.
PLOT_TAGS = 12
TABLE_TAGS = 5


def tag(
    paths: Annotated[
        list[str],
        typer.Argument(
            metavar="PATH...",
            help="Files, folders, URIs, playlists, quoted patterns, or - for a list of names on standard input.",
        ),
    ],
    model: Annotated[
        str | None,
        typer.Option(
            "--model",
            "-m",
            help="Name of a model (see: taggram models list) or its folder.  \\[default: default]",
            autocompletion=model_names,
        ),
    ] = None,
    thresholds: Annotated[
        Literal["balanced", "f1", "precision"] | None,
        typer.Option(help="Tags above these thresholds.  \\[default: balanced]"),
    ] = None,
    min_: Annotated[
        Literal["sure", "likely", "maybe"] | None,
        typer.Option("--min", help="Tags of at least this level.  \\[default: maybe]"),
    ] = None,
    top: Annotated[
        int | None,
        typer.Option("--top", "-n", min=1, help="The likeliest tags.  \\[default for models without thresholds: 5]"),
    ] = None,
    all_: Annotated[bool, typer.Option("--all", help="All tags.")] = False,
    vocabulary: Annotated[
        str | None,
        typer.Option(metavar="taggram|mtat|msd|jamendo", help="Vocabulary of the tags.  \\[default: the model's]"),
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print one line of JSON per file.")] = False,
    csv: Annotated[bool, typer.Option("--csv", help="Print one row per file, one column per tag.")] = False,
    over_time: Annotated[bool, typer.Option("--over-time", help="Show the tags over time: the taggram.")] = False,
    plot: Annotated[
        Path | None,
        typer.Option(
            "--plot",
            "-o",
            metavar="PICTURE|FOLDER",
            help="Plot spectrogram and taggram: NAME.png|svg, or a folder for all.",
        ),
    ] = None,
    null: Annotated[
        bool,
        typer.Option("--null", "-0", help="Names on standard input end with zero bytes, as those of find -print0."),
    ] = False,
    start: Annotated[
        float | None,
        typer.Option(parser=parse_time, metavar="TIME", help="Start of the part to tag: seconds, or as 1:30."),
    ] = None,
    duration: Annotated[
        float | None, typer.Option(parser=parse_time, metavar="TIME", help="Duration of the part to tag.")
    ] = None,
    segments: Annotated[
        int | None,
        typer.Option(min=1, help="Number of evenly spaced segments.  \\[default: adjacent segments]"),
    ] = None,
    aggregation: Annotated[
        Literal["mean", "max", "vote"] | None,
        typer.Option(help="Aggregation of the segments' scores.  \\[default: mean]"),
    ] = None,
    workers: Annotated[
        int | None,
        typer.Option(min=1, help="Number of workers.  \\[default: the number of cores, from 5 files on]"),
    ] = None,
    engine: Engine = "processes",
    address: Address = None,
    backend: Annotated[
        Literal["onnx", "torch"] | None,
        typer.Option(help="Runtime of the model.  \\[default: onnx; on a GPU whichever can]"),
    ] = None,
    device: Annotated[str, typer.Option(help="Device of the model: cpu, cuda or cuda:1.")] = "cpu",
    quiet: Annotated[
        bool, typer.Option("--quiet", "-q", help="Show errors only: no progress, warnings or summary.")
    ] = False,
) -> None:
    """Tag music files.

    Shows the tags above their thresholds, the likeliest first, or the highest tags if the model has no thresholds.
    Warnings and a summary go to stderr. A file that cannot be tagged is reported and does not stop the others; the exit
    code is then 1.
    """
    from taggram.audio import EvenlySpaced
    from taggram.cli.collect import collect
    from taggram.tagging import DEFAULT_MODEL, Tagger
    from taggram.tagging.selection import Selection
    from taggram.vocabularies import VocabularyMap

    selections = [top is not None, all_, thresholds is not None or min_ is not None]
    if csv and (json or over_time):
        raise typer.BadParameter("--csv excludes --json and --over-time: use one of them")
    if sum(selections) > 1:
        raise typer.BadParameter("--top, --all, and --thresholds with --min exclude each other: use one of them")
    if duration == 0:
        raise typer.BadParameter("--duration must be above 0")
    if plot is not None:
        from taggram.tagging.plot import plot_taggram, require_matplotlib

        require_matplotlib()

    began = time.perf_counter()
    collected = list(collect(paths, null=null))
    files = [file for file in collected if isinstance(file, str)]
    pictures = {} if plot is None else _picture_files(plot, files)
    tagger = Tagger(
        model or DEFAULT_MODEL,
        segmentation=None if segments is None else EvenlySpaced(segments),
        aggregation=aggregation,
        backend=backend,
        device=device,
    )
    select = Selection.from_options(tagger, thresholds, top, all_, min_)
    own = tagger.card.vocabulary
    target = VocabularyMap.from_names(own, vocabulary or own.name).target
    printer: _Tables | _Json | _Csv
    if json:
        printer = _Json(select, over_time)
    elif csv:
        printer = _Csv(select, target.names)
    else:
        printer = _Tables(select, over_time)
    missing = (result for result in collected if not isinstance(result, str))
    summary = _Summary(quiet)
    with use_engine(engine, address) as cores:
        tagged = tagger.tag_many(files, workers=workers or cores, start=start or 0.0, duration=duration)
        results = itertools.chain(missing, tagged)
        for result in results if quiet else progress(results, len(collected), "tagging"):
            summary.add(result)
            if result.prediction is None:
                printer.failure(result)
                continue
            prediction = result.prediction.in_vocabulary(target.name)
            printer.success(prediction)
            if pictures:
                try:
                    plot_taggram(prediction, pictures[result.path], select(prediction, PLOT_TAGS))
                except TaggramError as error:
                    summary.fail(error)
    summary.print(time.perf_counter() - began)
    if summary.failed:
        raise typer.Exit(1)


def _picture_files(plot: Path, files: list[str]) -> dict[str, Path]:
    """Return the picture of each file; create the folder of several pictures."""
    if plot.suffix.lower() in (".png", ".svg"):
        if len(files) > 1:
            raise typer.BadParameter(f"--plot {plot} is one picture, for {len(files)} files: give a folder")
        return dict.fromkeys(files, plot)
    if plot.suffix and not plot.is_dir():
        raise typer.BadParameter(f"--plot {plot}: a picture is a .png or .svg file")
    pictures = _picture_names(plot, files)
    try:
        for folder in {plot, *(picture.parent for picture in pictures.values())}:
            folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise TaggramError(f"the folder {plot} cannot be created ({reason}): choose another place") from error
    return pictures


def _picture_names(plot: Path, files: list[str]) -> dict[str, Path]:
    """Name a picture after each file, in the sub-folder of the file below the folder that all files have in common."""
    folders = [os.path.dirname(os.path.abspath(file)) for file in files]
    try:
        common = os.path.commonpath(folders) if folders else ""
    except ValueError:  # on several drives of Windows
        common = ""
    names = Counter((folder, Path(file).stem) for folder, file in zip(folders, files, strict=True))
    pictures = {}
    for folder, file in zip(folders, files, strict=True):
        below = os.path.relpath(folder, common) if common else os.path.splitdrive(folder)[1].strip("/\\")
        whole = names[folder, Path(file).stem] > 1  # as of song.mp3 and song.flac
        pictures[file] = plot / below / f"{Path(file).name if whole else Path(file).stem}.png"
    return pictures


class _Summary:
    """Warnings and errors as they occur, and the last line; errors only if quiet."""

    def __init__(self, quiet: bool) -> None:
        self._quiet = quiet
        self.files = self.failed = 0
        self.seconds = 0.0

    def add(self, result: TagResult) -> None:
        self.files += 1
        if result.prediction is None:
            self.fail(result.error)
            return
        self.seconds += result.prediction.duration
        for warning in () if self._quiet else result.prediction.warnings:
            print(f"warning: {printable(result.path)}: {warning}", file=sys.stderr)

    def fail(self, error: TaggramError | None) -> None:
        """Count a file without tags or picture, and print why."""
        self.failed += 1
        print(f"error: {error}", file=sys.stderr)

    def print(self, wall: float) -> None:
        if self._quiet:
            return
        files = counted(self.files, "file")
        speed = f"{self.seconds:.1f} s of audio in {wall:.2f} s ({self.seconds / wall:.0f} x real time)"
        print(f"{files}, {self.failed} failed, {speed}", file=sys.stderr)


class _Tables:
    """Tables for a terminal."""

    def __init__(self, select: Selection, over_time: bool) -> None:
        self._select, self._over_time = select, over_time

    def success(self, prediction: Prediction) -> None:
        from taggram.cli import render
        from taggram.tagging import headline

        tags = self._select(prediction, TABLE_TAGS)
        print(render.file_line(prediction))
        if tags and (text := headline(prediction)):
            print(text)
        if prediction.silent and not tags:
            print("silent: no tags")
        elif not tags:
            print("no tag is above its threshold; --top 5 shows the best")
        elif self._over_time:
            print(render.heat_map(prediction, tags, shutil.get_terminal_size().columns))
        else:
            print(render.table(prediction, tags))
        print(flush=True)

    def failure(self, result: TagResult) -> None:
        """Print nothing: the error is on stderr."""


class _Json:
    """One line of JSON per file, also for those that fail."""

    def __init__(self, select: Selection, over_time: bool) -> None:
        self._select, self._over_time = select, over_time

    def success(self, prediction: Prediction) -> None:
        tags = self._select(prediction, len(prediction.vocabulary))
        print(prediction.to_json(tags, over_time=self._over_time), flush=True)

    def failure(self, result: TagResult) -> None:
        import json

        data = {"path": encode_path(result.path), "error": str(result.error)}
        print(json.dumps(data, ensure_ascii=False), flush=True)


class _Csv:
    """A row per file: what it is, the chosen tags, and a column with the score of each tag of the vocabulary."""

    def __init__(self, select: Selection, tags: tuple[str, ...]) -> None:
        import csv

        self._select, self._tags = select, tags
        self._writer = csv.writer(sys.stdout, lineterminator="\n")
        self._writer.writerow(["path", "duration", "title", "artist", "model", "tags", *tags])

    def success(self, prediction: Prediction) -> None:
        chosen = "; ".join(tag for tag, _ in self._select(prediction, TABLE_TAGS))
        about = [prediction.metadata.get(key, "") for key in ("title", "artist")]
        scores = [f"{score:.6f}" for score in prediction.clip_scores()]
        path = encode_path(prediction.path or "")
        self._writer.writerow([path, f"{prediction.duration:.3f}", *about, prediction.model, chosen, *scores])
        sys.stdout.flush()

    def failure(self, result: TagResult) -> None:
        """Print nothing: the error is on stderr."""
