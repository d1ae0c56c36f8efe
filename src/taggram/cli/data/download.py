"""``taggram data download``: download published files, and show how to get the rest."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from taggram._text import encode_path
from taggram.cli.data.arguments import Folder, Name, count

if TYPE_CHECKING:
    from taggram.datasets import PublishedFile


def download(
    name: Name,
    path: Folder,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only list the files.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Download without asking.")] = False,
) -> None:
    """Download the published files of a data set.

    Lists the files and asks before downloading. An interrupted download resumes; checksums are verified where they are
    known. Ends with the manual steps for the rest. The exit code is 1 while a required published file is missing.
    """
    from taggram import datasets
    from taggram._progress import progress

    dataset = datasets.dataset(name)
    manual = f"Manual steps: {dataset.how_to_get} Homepage: {dataset.homepage}"
    if dry_run:
        for file in datasets.files_to_download(dataset, path):
            print(_line(file))
        print(manual, file=sys.stderr)
        return

    def confirm(files: Sequence[PublishedFile]) -> bool:
        for file in files:
            print(_line(file), file=sys.stderr)
        if not yes:
            _ask(len(files), path)
        return True

    result = datasets.download(
        dataset, path, confirm=confirm, report=lambda file: print(encode_path(str(file)), flush=True), progress=progress
    )
    print(manual, file=sys.stderr)
    if result.missing:
        print(f"error: {path} still lacks {', '.join(result.missing)}: see above", file=sys.stderr)
        raise typer.Exit(1)


def _ask(files: int, path: Path) -> None:
    """Ask whether to download; end the command if the answer is no."""
    from taggram.errors import DatasetError

    if sys.stdin is None or not sys.stdin.isatty():
        raise DatasetError("nothing was downloaded: without a terminal, add --yes")
    if not typer.confirm(f"Download {count(files, 'file')} into {path}?", err=True):
        print("nothing was downloaded", file=sys.stderr)
        raise typer.Exit(1)


def _line(file: PublishedFile) -> str:
    size = f"{file.size / 1e6:,.1f} MB" if file.size else "size unknown"
    return f"{file.url} ({size}{'' if file.sha256 else ', checksum unknown'})"
