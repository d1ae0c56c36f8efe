"""``taggram data audit``: look for what is wrong with a data set."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from taggram.cli.progress import with_progress

if TYPE_CHECKING:
    from taggram.datasets import Listing
    from taggram.datasets.audit import Sound, Sounds, Source

T = TypeVar("T")
FEW = 5  # files that are sooner heard in this process


def audit(
    name: Annotated[str, typer.Argument(help="Name of a data set.")],
    path: Annotated[Path, typer.Argument(help="The folder where its files lie.")],
    others: Annotated[
        list[Path] | None, typer.Argument(hidden=True, metavar="--against NAME PATH", show_default=False)
    ] = None,
    protocol: Annotated[str | None, typer.Option(help="One of its protocols.  \\[default: the usual one]")] = None,
    against: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME PATH",
            help="Another data set, which may hold the same; NAME:PROTOCOL chooses one. Repeatable.",
        ),
    ] = None,
    page: Annotated[Path | None, typer.Option(metavar="FILE.html", help="Write a page with pictures.")] = None,
    json: Annotated[bool, typer.Option("--json", help="Print everything as one JSON object.")] = False,
    audio: Annotated[bool, typer.Option(help="Hear the clips whose files are there.")] = True,
    workers: Annotated[
        int | None, typer.Option(min=1, help="Processes.  \\[default: the cores]", show_default=False)
    ] = None,
) -> None:
    """Look for what is wrong with a data set: its balance, what splits share, clips that are there twice.

    It works with what is there: labels may be missing, and so may audio. Clips are heard by the default model, and what
    was heard is kept, so that the next run is quick. A file that cannot be heard is reported; the exit code is then 1.
    """
    from taggram.datasets import dataset
    from taggram.datasets.audit import Source, facts
    from taggram.datasets.audit import audit as look
    from taggram.datasets.audit import page as write_page

    names, folders = against or [], others or []  # the parser takes what follows a NAME for an argument
    if len(names) != len(folders):
        raise typer.BadParameter("each --against takes a name and a folder, after NAME and PATH of the data set itself")
    data = dataset(name)
    chosen = data.protocol(protocol).name
    sources: list[Source] = []
    for said, folder in [(name, path), *zip(names, folders, strict=True)]:
        other, _, which = said.partition(":") if sources else (name, ":", chosen)
        listing = dataset(other).listing(folder, which or None)
        sounds = _hear(listing, workers or len(os.sched_getaffinity(0))) if audio else None
        sources.append(Source(said, listing, sounds))
    found = look(sources[0], data.vocabulary(path, chosen), sources[1:])
    if page is not None:
        _write(page, write_page(found, data, path, chosen))
    if json:
        import json as encoder

        print(encoder.dumps({"protocol": chosen, **found.to_dict()}, ensure_ascii=False))
    else:
        print("\n".join(facts(found)))
    if any(source.sounds and source.sounds.failed for source in sources):
        raise typer.Exit(1)


def _hear(listing: Listing, workers: int) -> Sounds | None:
    """Hear the clips whose files are there: from the cache, and for the rest by the default model."""
    from taggram.datasets.audit import Sound, SoundCache, Sounds, hash_files
    from taggram.models import ModelCard
    from taggram.models.directories import DEFAULT_MODEL, ONNX_FILE, data_dir, find_model
    from taggram.tagging import Tagger

    card = ModelCard.read(find_model(DEFAULT_MODEL))
    files = [listing.file(clip) for clip in listing.clips]
    heard: dict[Path, Sound] = {}
    with SoundCache(data_dir() / "sounds.sqlite", card.files[ONNX_FILE]) as cache:
        new = []
        for file in filter(Path.is_file, dict.fromkeys(files)):
            if sound := cache.get(file):
                heard[file] = sound
            else:
                new.append(file)
        if new:
            at_once = 1 if len(new) < FEW else workers
            both = zip(new, hash_files(new, at_once), Tagger().tag_many(new, workers=at_once), strict=True)
            for file, hashes, tagged in with_progress(both, len(new), "hearing"):
                if tagged.prediction is None or hashes.error:
                    print(f"error: {hashes.error or tagged.error}", file=sys.stderr)
                else:
                    heard[file] = Sound(hashes.file, hashes.samples, tagged.prediction.embedding)
                    cache.put(file, heard[file])
    if not heard:
        return None
    return Sounds.of(card.name, [heard.get(file) for file in files], len(set(new) - heard.keys()))


def _write(page: Path, text: str) -> None:
    from taggram.errors import DatasetError

    try:
        page.write_text(text, encoding="utf-8")
    except OSError as error:
        raise DatasetError(f"{page} cannot be written ({error.strerror or error}): choose another file") from error
