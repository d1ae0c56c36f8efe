"""``taggram data describe``: what a data set is, and what a copy of it holds."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from taggram.cli.data.arguments import Json, Name, Protocol

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.table import Table

    from taggram.datasets import Dataset, PublishedFile
    from taggram.datasets import Protocol as Declared
    from taggram.evaluation.published import PublishedResult


def describe(
    name: Name,
    protocol: Protocol = None,
    path: Annotated[
        Path | None, typer.Option(metavar="FOLDER", help="Where the published files lie: count clips and tags there.")
    ] = None,
    json: Json = False,
) -> None:
    """Say what a data set is, how to get it, how it is used, and what papers report on it."""
    import json as text

    from taggram.datasets import dataset
    from taggram.evaluation.published import published_results

    known = dataset(name)
    wanted = known.protocol(protocol)
    results = published_results(name)
    found = None if path is None else _counted(known, path, wanted.name)
    if json:
        protocols = known.protocols if protocol is None else (wanted,)
        print(text.dumps(_as_data(known, protocols, results, found), indent=2, ensure_ascii=False))
        return
    from rich.console import Console

    console = Console()
    for part in _parts(known, None if protocol is None else wanted, results):
        console.print(part)
        console.print()
    if found is not None:
        console.print(_tags(found))


def _counted(known: Dataset, path: Path, protocol: str) -> dict[str, Any]:
    """Count the clips and tags of a copy."""
    from taggram.datasets.protocols import difference, split_hash, split_sizes
    from taggram.datasets.quantities import tag_of

    vocabulary, listing = known.vocabulary(path, protocol), known.listing(path, protocol)
    declared, found = known.protocol(protocol), split_sizes(listing)
    sizes = {split: found[split] for split in dict.fromkeys([*declared.sizes, *found]) if split in found}
    counts = {split: Counter[str]() for split in sizes}
    for clip in listing.clips:
        counts[clip.split].update(map(tag_of, clip.labels))
    return {
        "protocol": protocol,
        "path": str(path),
        "splits": sizes,
        "split_hash": split_hash(listing),
        "difference": difference(listing, declared),
        "tags": [
            {"tag": tag, "category": category, "clips": {split: counts[split][tag] for split in sizes}}
            for tag, category in vocabulary.tags.items()
        ],
    }


def _as_data(
    known: Dataset, protocols: tuple[Declared, ...], results: list[PublishedResult], found: dict[str, Any] | None
) -> dict[str, Any]:
    texts = ("name", "title", "about", "licence", "homepage", "audio", "obtain", "citation", "traps")
    limits = [None if limit == float("inf") else limit for limit in known.seconds]
    return {
        **{key: getattr(known, key) for key in texts},
        "seconds": limits,
        "files": [asdict(published) for published in known.files],
        "protocols": [{**asdict(protocol), "sizes": dict(protocol.sizes)} for protocol in protocols],
        "published_results": [asdict(result) for result in results],
        "here": found,
    }


def _parts(known: Dataset, only: Declared | None, results: list[PublishedResult]) -> list[RenderableType]:
    from rich.text import Text

    shown = known.protocols if only is None else (only,)
    parts: list[RenderableType] = [
        Text(f"{known.name}: {known.title}\n\n{known.about}"),
        _grid(
            ("licence", known.licence),
            ("homepage", known.homepage),
            ("audio", known.audio),
            ("how to get it", known.obtain),
            ("to be cited as", known.citation),
            *(("beware" if number == 0 else "", trap) for number, trap in enumerate(known.traps)),
        ),
    ]
    if known.files:
        parts += [Text("Published files"), _grid(*((published.name, _file(published)) for published in known.files))]
    parts += [Text("Protocols"), _grid(*((protocol.name, _protocol(protocol)) for protocol in shown))]
    if results:
        parts += [Text("As published, not measured here"), *_results(results)]
    return parts


def _grid(*rows: tuple[str, str]) -> Table:
    from rich.table import Table
    from rich.text import Text

    grid = Table.grid(padding=(0, 2))
    for row in rows:
        grid.add_row(*map(Text, row))
    return grid


def _file(published: PublishedFile) -> str:
    return ", ".join(
        [
            "needed" if published.required else "not needed",
            f"{published.size:,} bytes" if published.size else "size not known",
            f"SHA-256 {published.sha256}" if published.sha256 else "checksum not known",
            published.url or "not fetched by taggram data get",
        ]
    )


def _protocol(protocol: Declared) -> str:
    sizes = ", ".join(f"{n:,} {split}" for split, n in protocol.sizes.items())
    leaky = "Leaky: splits share recordings or artists." if protocol.leaky else ""
    return " ".join(filter(None, [sizes and f"{sizes}.", protocol.about, leaky]))


def _results(results: list[PublishedResult]) -> list[RenderableType]:
    """Make a table of each paper and kind of figure, with a column for each metric."""
    from rich.table import Table
    from rich.text import Text

    parts: list[RenderableType] = []
    for source, note in dict.fromkeys((result.source, result.note) for result in results):
        rows = [result for result in results if (result.source, result.note) == (source, note)]
        metrics = list(dict.fromkeys(result.metric for result in rows))
        table = Table("model", box=None, pad_edge=False)
        for metric in metrics:
            table.add_column(metric, justify="right")
        for model in dict.fromkeys(result.model for result in rows):
            values = {result.metric: f"{result.value:.4g}" for result in rows if result.model == model}
            table.add_row(Text(model), *(values.get(metric, "") for metric in metrics))
        parts += [Text(f"{source} ({note})"), table]
    return parts


def _tags(found: dict[str, Any]) -> RenderableType:
    from rich.console import Group
    from rich.table import Table
    from rich.text import Text

    sizes = ", ".join(f"{n:,} {split or 'without split'}" for split, n in found["splits"].items())
    head = f"{found['path']}, protocol {found['protocol']}: {sizes}; split hash {found['split_hash']}"
    if found["difference"]:
        head += f"; {found['difference']}"
    table = Table("tag", "category", box=None, pad_edge=False)
    for split in found["splits"]:
        table.add_column(split or "no split", justify="right")
    for tag in found["tags"]:
        table.add_row(Text(tag["tag"]), tag["category"], *(f"{n:,}" for n in tag["clips"].values()))
    return Group(Text(head), table)
