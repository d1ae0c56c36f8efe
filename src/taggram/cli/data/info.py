"""``taggram data info``: describe a data set, and count the clips and tags of a copy."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from taggram._text import encode_path
from taggram.cli.data.arguments import Json, Name, Protocol, check_readable

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.table import Table

    from taggram.datasets import Dataset, DatasetProtocol, PublishedFile, TagCounts
    from taggram.evaluation.published import PublishedResult


def info(
    name: Name,
    protocol: Protocol = None,
    path: Annotated[
        Path | None,
        typer.Option(
            readable=False,
            callback=check_readable,
            metavar="FOLDER",
            help="Folder of the published files: count clips and tags.",
        ),
    ] = None,
    json: Json = False,
) -> None:
    """Describe a data set: how to get it, protocols, known issues, published scores; count the tags of a copy."""
    import json as encoder

    from taggram.datasets import count_tags, dataset
    from taggram.evaluation.published import published_results

    data = dataset(name)
    selected = data.protocol(protocol)
    results = published_results(name)
    copy = None if path is None else _copy_as_data(count_tags(data, path, selected.name), path)
    if json:
        protocols = data.protocols if protocol is None else (selected,)
        print(encoder.dumps(_as_data(data, protocols, results, copy), indent=2, ensure_ascii=False))
        return
    from rich.console import Console

    console = Console()
    for part in _parts(data, None if protocol is None else selected, results):
        console.print(part)
        console.print()
    if copy is not None:
        console.print(_tags(copy))


def _copy_as_data(counts: TagCounts, path: Path) -> dict[str, Any]:
    return {
        "protocol": counts.protocol,
        "path": encode_path(str(path)),
        "splits": counts.splits,
        "split_hash": counts.split_hash,
        "size_mismatch": counts.size_mismatch,
        "tags": [
            {"tag": tag, "category": category, "clips": {split: clips[tag] for split, clips in counts.tags.items()}}
            for tag, category in counts.vocabulary.tags.items()
        ],
    }


def _as_data(
    data: Dataset, protocols: tuple[DatasetProtocol, ...], results: list[PublishedResult], copy: dict[str, Any] | None
) -> dict[str, Any]:
    texts = ("name", "title", "about", "licence", "homepage", "audio", "how_to_get", "citation", "known_issues")
    limits = [None if limit == float("inf") else limit for limit in data.seconds]
    return {
        **{key: getattr(data, key) for key in texts},
        "seconds": limits,
        "files": [asdict(published) for published in data.files],
        "protocols": [{**asdict(protocol), "sizes": dict(protocol.sizes)} for protocol in protocols],
        "published_results": [asdict(result) for result in results],
        "copy": copy,
    }


def _parts(data: Dataset, only: DatasetProtocol | None, results: list[PublishedResult]) -> list[RenderableType]:
    from rich.text import Text

    shown = data.protocols if only is None else (only,)
    parts: list[RenderableType] = [
        Text(f"{data.name}: {data.title}\n\n{data.about}"),
        _grid(
            ("licence", data.licence),
            ("homepage", data.homepage),
            ("audio", data.audio),
            ("how to get it", data.how_to_get),
            ("citation", data.citation),
            *(("known issues" if number == 0 else "", issue) for number, issue in enumerate(data.known_issues)),
        ),
    ]
    if data.files:
        parts += [Text("Published files"), _grid(*((published.name, _file(published)) for published in data.files))]
    parts += [Text("Protocols"), _grid(*((protocol.name, _protocol(protocol)) for protocol in shown))]
    if results:
        parts += [Text("Published scores, not measured here"), *_results(results)]
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
            "required" if published.required else "optional",
            f"{published.size:,} bytes" if published.size else "size unknown",
            f"SHA-256 {published.sha256}" if published.sha256 else "checksum unknown",
            published.url or "no download",
        ]
    )


def _protocol(protocol: DatasetProtocol) -> str:
    sizes = ", ".join(f"{n:,} {split}" for split, n in protocol.sizes.items())
    leaky = "Leaky: splits share recordings or artists." if protocol.leaky else ""
    return " ".join(filter(None, [sizes and f"{sizes}.", protocol.about, leaky]))


def _results(results: list[PublishedResult]) -> list[RenderableType]:
    """Build one table per paper and note, with one column per metric."""
    from rich.table import Table
    from rich.text import Text

    parts: list[RenderableType] = []
    for source, note in dict.fromkeys((result.source, result.note) for result in results):
        rows = [result for result in results if (result.source, result.note) == (source, note)]
        metrics = list(dict.fromkeys(result.metric_and_split for result in rows))
        table = Table("model", box=None, pad_edge=False)
        for metric in metrics:
            table.add_column(metric, justify="right")
        for model in dict.fromkeys(result.model for result in rows):
            values = {result.metric_and_split: _value(result) for result in rows if result.model == model}
            table.add_row(Text(model), *(values.get(metric, "") for metric in metrics))
        doubts = dict.fromkeys((result.metric, result.doubt) for result in rows if result.doubt)
        parts += [Text(f"{source} ({note})"), table, *(Text(f"* {metric}: {doubt}") for metric, doubt in doubts)]
    return parts


def _value(result: PublishedResult) -> str:
    """Return a value with its standard deviation over runs, and a mark if it is not credible."""
    spread = "" if result.std is None else f" ± {result.std:.4f}"
    return f"{result.value:.4g}{spread}{' *' if result.doubt else ''}"


def _tags(copy: dict[str, Any]) -> RenderableType:
    from rich.console import Group
    from rich.table import Table
    from rich.text import Text

    sizes = ", ".join(f"{n:,} {split or 'without a split'}" for split, n in copy["splits"].items())
    head = f"{copy['path']}, protocol {copy['protocol']}: {sizes}; split hash {copy['split_hash']}"
    if copy["size_mismatch"]:
        head += f"; {copy['size_mismatch']}"
    table = Table("tag", "category", box=None, pad_edge=False)
    for split in copy["splits"]:
        table.add_column(split or "no split", justify="right")
    for tag in copy["tags"]:
        table.add_row(Text(tag["tag"]), tag["category"], *(f"{n:,}" for n in tag["clips"].values()))
    return Group(Text(head), table)
