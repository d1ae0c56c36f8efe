"""``taggram data validate``: check a copy of a data set."""

from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from taggram._system import cpu_count
from taggram._text import encode_path, escape_surrogates, printable
from taggram.cli.data.arguments import Folder, Name, Protocol, Workers, count

if TYPE_CHECKING:
    from taggram.datasets import CheckProgress


def validate(
    name: Name,
    path: Folder,
    protocol: Protocol = None,
    record: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Record of the decoded files.  \\[default: in the user's cache]"),
    ] = None,
    workers: Workers = None,
    json: Annotated[bool, typer.Option("--json", help="Print one line of JSON per issue.")] = False,
) -> None:
    """Validate a copy of a data set: published files, split sizes, and every audio file from start to end.

    Prints one line per issue: audio files that are missing, corrupt, damaged, too short or too long, and published
    files that differ. The exit code is then 1. Decoded files are recorded, and decoded again only if their size or
    modification time changes; an interrupted validation resumes.
    """
    import json as encoder

    from taggram import datasets
    from taggram._progress import progress

    counts, kinds = datasets.CheckProgress(0), Counter[str]()

    def report(new: CheckProgress) -> None:
        nonlocal counts
        counts = new

    for issue in datasets.validate(
        datasets.dataset(name),
        path,
        protocol,
        record=record,
        workers=workers or cpu_count(),
        report=report,
        progress=progress,
    ):
        kinds[issue.kind] += 1
        fields = {"kind": issue.kind, "path": encode_path(issue.path), "message": escape_surrogates(issue.message)}
        line = encoder.dumps(fields, ensure_ascii=False) if json else f"{issue.kind}: {printable(issue.message)}"
        print(line, flush=True)
    issues = ", ".join(f"{n} {kind}" for kind, n in kinds.items()) or "no issues"
    files = f"{count(counts.total, 'file')} ({counts.cached} validated before), {counts.seconds / 3600:.2f} h"
    print(f"{files}: {issues}", file=sys.stderr)
    if kinds:
        raise typer.Exit(1)
