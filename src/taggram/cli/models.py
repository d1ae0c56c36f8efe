"""``taggram models``: list, show, import and compare models."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from taggram.cli.completion import model_names
from taggram.cli.table import print_rows

app = typer.Typer(help="List, show and import models.", no_args_is_help=True)


@app.command("list")
def list_(pattern: Annotated[str, typer.Argument(help="Shell-style pattern for the name.")] = "*") -> None:
    """List installed models, published models that can be imported, and architectures.

    Unverified: the hash of the published file is unknown.
    """
    import fnmatch

    from taggram.models import ModelCard, list_models
    from taggram.models.card import BASELINES
    from taggram.models.directories import find_model, installed_models
    from taggram.models.published import PUBLISHED
    from taggram.models.registry import papers

    installed = installed_models()
    models = [("model", "installed", "tags", "trained on")]
    for name in list_models(pattern):
        if name in installed:
            card = ModelCard.read(find_model(name))
            verified = card.provenance is None or card.provenance.verified_by == "sha256"
            models.append((name, "yes" if verified else "yes, unverified", card.vocabulary.name, card.trained_on))
        else:
            entry = PUBLISHED[name]
            models.append((name, "no" if entry.sha256 else "no, unverified", entry.vocabulary, entry.trained_on))
    published = papers()
    published |= dict.fromkeys(BASELINES, published["four_layer_cnn"])
    architectures = [(name, published[name]) for name in sorted(fnmatch.filter(published, pattern))]
    print_rows(models)
    if architectures:
        print()
        print_rows([("architecture", "paper"), *architectures])


@app.command()
def show(
    name: Annotated[str, typer.Argument(help="A model's name or folder.", autocompletion=model_names)],
    json: Annotated[bool, typer.Option("--json", help="Print the card.")] = False,
) -> None:
    """Show what a model is: tags, input, thresholds, training data, licence, scores."""
    from taggram.models import ModelCard
    from taggram.models.directories import find_model

    card = ModelCard.read(find_model(name))
    if json:
        print(card.to_json())
        return
    from rich.console import Console

    from taggram.cli.card_page import card_page

    Console().print(card_page(card))


@app.command("import")
def import_(
    names: Annotated[
        list[str],
        typer.Argument(metavar="NAME...", help="Published names, or quoted patterns.", autocompletion=model_names),
    ],
    source: Annotated[
        Path | None, typer.Option("--from", metavar="PATH", help="The published file, or a folder that contains it.")
    ] = None,
) -> None:
    """Import published weights: download them, or take them from a file.

    Needs the train extra.
    """
    import fnmatch
    import sys

    from taggram.errors import MissingExtraError, ModelError, did_you_mean
    from taggram.models.directories import model_dir
    from taggram.models.published import PUBLISHED

    matches = {name: fnmatch.filter(PUBLISHED, name) for name in names}
    for name, models in matches.items():
        if not models:
            near = did_you_mean(name, PUBLISHED) or "; see: taggram models list"
            raise ModelError(f"no published weights are named {name!r}{near}")
    try:
        from taggram.models.importing import import_model
    except ModuleNotFoundError:
        raise MissingExtraError("importing weights", "train") from None
    for name in dict.fromkeys(model for models in matches.values() for model in models):
        provenance = import_model(name, source).provenance
        if provenance and provenance.verified_by == "entries":
            print(f"{name}: unverified: the hash of the published file is unknown", file=sys.stderr)
        print(model_dir(name))


@app.command()
def path(name: Annotated[str, typer.Argument(help="A model's name.", autocompletion=model_names)]) -> None:
    """Print the folder of an installed model."""
    from taggram.models.directories import find_model

    print(find_model(name))


@app.command()
def compare(
    pattern: Annotated[str, typer.Argument(help="Shell-style pattern for the architecture's name.")] = "*",
    csv: Annotated[
        Path | None, typer.Option("--csv", "-o", metavar="FILE", help="Write the table to a file, too.")
    ] = None,
) -> None:
    """Compare architectures: size, receptive field, operations, and time on this machine.

    Each has 50 tags and random weights. The field is the receptive field of a point in the last map of convolutions, in
    seconds and mel bands. Operations (billions of multiply-accumulates) are without the front end. Time is measured
    now, in torch with one thread, with the front end. Needs the train extra.
    """
    import csv as tables
    import fnmatch
    import sys

    from rich.console import Console
    from rich.progress import track
    from rich.table import Table

    from taggram.errors import ModelError
    from taggram.models import create_model
    from taggram.models.registry import load_architectures

    architectures = sorted(load_architectures())
    names = fnmatch.filter(architectures, pattern)
    if not names:
        raise ModelError(f"no architecture is named {pattern!r}; there are: {', '.join(architectures)}")
    import torch

    from taggram.models.analysis.cost import cost, seconds_per_second
    from taggram.models.analysis.receptive_field import receptive_field

    torch.set_num_threads(1)
    rows = []
    quiet = not sys.stderr.isatty()
    for name in track(names, "measuring", console=Console(stderr=True), transient=True, disable=quiet):
        network = create_model(name, "mtat")
        counted, field = cost(network), receptive_field(network)
        row = {
            "architecture": name,
            "parameters": counted.parameters,
            "segment_s": round(counted.segments.samples / counted.sample_rate, 2),
            "field_s": round(field.seconds, 2),
            "field_bands": "" if field.bands is None else field.bands,
            "gmac_per_segment": round(counted.macs / 1e9, 4),
            "gmac_per_s": round(counted.macs_per_second / 1e9, 4),
            "ms_per_s": round(1000 * seconds_per_second(network), 2),
        }
        rows.append({**row, "measured_in": f"torch {torch.__version__}, 1 thread"})
    table = Table(box=None, pad_edge=False)
    table.add_column("architecture")
    for column in ("parameters", "segment s", "field s", "bands", "GMAC/segment", "GMAC/s", "ms/s"):
        table.add_column(column, justify="right")
    for row in rows:
        table.add_row(
            str(row["architecture"]),
            f"{row['parameters']:,}",
            f"{row['segment_s']:.2f}",
            f"{row['field_s']:.2f}",
            str(row["field_bands"]),
            f"{row['gmac_per_segment']:.3f}",
            f"{row['gmac_per_s']:.4f}",
            f"{row['ms_per_s']:.2f}",
        )
    Console().print(table)
    if csv:
        try:
            with csv.open("w", newline="", encoding="utf-8") as stream:
                writer = tables.DictWriter(stream, list(rows[0]), lineterminator="\n")
                writer.writeheader()
                writer.writerows(rows)
        except OSError as error:
            raise ModelError(f"{csv}: {error.strerror}") from None
