"""The command line, one file per verb; each parses, calls and prints.

Verbs import what they need when they run, so that ``taggram --help`` answers at once. Data goes to stdout, progress,
warnings and errors to stderr.
"""

from __future__ import annotations

import gc
import io
import sys

import typer

from taggram import __version__
from taggram.cli import data, models, tag, train
from taggram.errors import TaggramError

FAILED = (
    1  # something that was asked for could not be done; wrong usage is 2, and Typer exits with 130 when interrupted
)

app = typer.Typer(
    name="taggram",
    help="Listens to music and names what it hears: instruments, genres, moods, voices, eras.",
    epilog="Exit codes: 0 all done; 1 a file or model failed; 2 wrong usage; 130 interrupted.",
    no_args_is_help=True,
    rich_markup_mode="markdown",
    pretty_exceptions_enable=False,
)
app.command("tag")(tag.tag)
app.command("train")(train.train)
app.add_typer(models.app, name="models")
app.add_typer(data.app, name="data")


def _version(wished: bool) -> None:
    if wished:
        print(f"taggram {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: bool = typer.Option(False, "--version", callback=_version, is_eager=True, help="Show the version."),
) -> None:
    """Take the options of taggram itself."""


def main() -> None:
    """Run the command line; every error of ours becomes one line and an exit code."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # names, tags and bars need more than the usual encoding of Windows
            stream.reconfigure(encoding="utf-8", errors=stream.errors)
    gc.set_threshold(100_000)  # looking for garbage among what is only just imported is a hundredth of a cold start
    try:
        app()
    except TaggramError as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(FAILED)
