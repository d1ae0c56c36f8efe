"""The command line, one file per verb: each parses its arguments, calls the library and prints.

Verbs import what they need when they run, so that ``taggram --help`` answers at once. Data goes to stdout, progress,
warnings and errors to stderr.
"""

from __future__ import annotations

import gc
import sys

import typer

from taggram import __version__
from taggram.cli import (
    calibrate,
    compare,
    data,
    deform,
    evaluate,
    learn,
    library,
    models,
    recipes,
    report,
    resolution,
    robustness,
    search,
    serve,
    sonify,
    streams,
    sweep,
    tag,
    train,
    write,
)
from taggram.cli.verbs import Verbs
from taggram.errors import TaggramError

FAILED = 1  # a file or model failed; wrong usage is 2, and Typer exits with 130 when interrupted

app = typer.Typer(
    name="taggram",
    cls=Verbs,
    context_settings={"help_option_names": ["--help", "-h"]},
    help="Tags music: instruments, genres, moods, voices, eras. `taggram song.mp3` means `taggram tag song.mp3`.",
    epilog="Exit codes: 0 all done; 1 a file or model failed; 2 wrong usage; 130 interrupted.",
    no_args_is_help=True,
    rich_markup_mode="markdown",
    pretty_exceptions_enable=False,
)
app.command("tag")(tag.tag)
app.command("train")(train.train)
app.command("learn")(learn.learn)
app.command("sweep")(sweep.sweep)
app.command("resolution")(resolution.resolution)
app.add_typer(recipes.app, name="recipes")
app.command("calibrate")(calibrate.calibrate)
app.command("evaluate")(evaluate.evaluate)
app.command("robustness")(robustness.robustness)
app.command("compare")(compare.compare)
app.command("report")(report.report)
app.command("deform", cls=deform.DeformCommand)(deform.deform)
app.command("search", cls=search.SearchCommand)(search.search)
app.command("similar")(search.similar)
app.command("path")(search.path)
app.command("write")(write.write)
app.command("undo")(write.undo)
app.add_typer(library.app, name="library")
app.command("sonify")(sonify.sonify)
app.command("serve")(serve.serve)
app.add_typer(models.app, name="models")
app.add_typer(data.app, name="data")


def _version(requested: bool) -> None:
    if requested:
        print(f"taggram {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: bool = typer.Option(False, "--version", callback=_version, is_eager=True, help="Show the version."),
) -> None:
    """Parse the options of taggram itself."""


def main() -> None:
    """Run the command line; a `TaggramError` becomes one line and an exit code."""
    streams.prepare()
    gc.set_threshold(100_000)  # garbage collection among fresh imports takes a hundredth of a cold start
    try:
        if sys.stdout is None:
            raise TaggramError("standard output is closed: redirect it to a file or to /dev/null")
        try:
            app()
        finally:
            sys.stdout.flush()
    except TaggramError as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(FAILED)
    except OSError as error:
        if (line := streams.describe(error)) is None:
            raise
        print(f"error: {line}", file=sys.stderr)
        sys.exit(FAILED)
