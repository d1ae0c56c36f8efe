"""``taggram data audit``: tag balance, leakage and duplicates of a data set."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from taggram._system import cpu_count
from taggram._text import printable
from taggram.cli.data.arguments import Folder, Json, Name, Protocol, Workers


def audit(
    name: Name,
    path: Folder,
    others: Annotated[
        list[Path] | None, typer.Argument(hidden=True, metavar="--against NAME PATH", show_default=False)
    ] = None,
    protocol: Protocol = None,
    against: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME PATH",
            help="Another data set that may share recordings; NAME:PROTOCOL selects a protocol. Repeatable.",
        ),
    ] = None,
    html: Annotated[Path | None, typer.Option(metavar="FILE", help="Write an HTML report with charts.")] = None,
    json: Json = False,
    audio: Annotated[bool, typer.Option(help="Search for duplicates in the available audio.")] = True,
    workers: Workers = None,
) -> None:
    """Audit a data set: tag balance, leakage between splits and data sets, duplicates.

    Missing labels or audio limit the audit to what is available. Duplicates are found by hashes and by embeddings of
    the default model, which are cached for the next run. Audio files that cannot be decoded are reported; the exit code
    is then 1.
    """
    import json as encoder

    from taggram import auditing
    from taggram._progress import progress
    from taggram.datasets import dataset
    from taggram.reporting import write_report

    names, folders = against or [], others or []  # the parser takes the path after a NAME for an argument
    if len(names) != len(folders):
        raise typer.BadParameter("each --against takes a name and a folder, after NAME and PATH of the data set itself")
    source = auditing.Source(dataset(name), path, protocol)
    sources = []
    for spec, folder in zip(names, folders, strict=True):
        other, _, other_protocol = spec.partition(":")
        sources.append(auditing.Source(dataset(other), folder, other_protocol or None))
    result = auditing.run(source, sources, audio=audio, workers=workers or cpu_count(), progress=progress)
    for line in result.unreadable:
        print(f"error: {printable(line)}", file=sys.stderr)
    if html is not None:
        write_report(auditing.html_report(result, source), html)
    if json:
        used = source.dataset.protocol(protocol).name
        print(encoder.dumps({"protocol": used, **result.to_dict()}, ensure_ascii=False))
    else:
        print("\n".join(auditing.text_report(result)))
    if result.unreadable:
        raise typer.Exit(1)
