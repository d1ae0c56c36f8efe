"""``taggram models``: what models there are, and getting them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(help="List, show and import models.", no_args_is_help=True)


@app.command("list")
def list_(pattern: Annotated[str, typer.Argument(help="Shell-style pattern for the name.")] = "*") -> None:
    """List the models that are here and those that can be imported."""
    from rich.console import Console
    from rich.table import Table

    from taggram.models import ModelCard, list_models
    from taggram.models.published import PUBLISHED
    from taggram.models.store import find, installed

    here = installed()
    table = Table(box=None, pad_edge=False)
    for column in ("model", "here", "tags", "trained on"):
        table.add_column(column)
    for name in list_models(pattern):
        if name in here:
            card = ModelCard.read(find(name))
            table.add_row(name, "yes", card.vocabulary.name, card.trained_on)
        else:
            table.add_row(name, "no", PUBLISHED[name].vocabulary, PUBLISHED[name].trained_on)
    Console().print(table)


@app.command()
def show(name: Annotated[str, typer.Argument(help="A model's name or folder.")]) -> None:
    """Show the card of a model."""
    from taggram.models import ModelCard
    from taggram.models.store import find

    print(ModelCard.read(find(name)).model_dump_json(indent=2))


@app.command("import")
def import_(
    names: Annotated[list[str], typer.Argument(metavar="NAME...", help="Published names, or quoted patterns.")],
    source: Annotated[
        Path | None, typer.Option("--from", metavar="PATH", help="The published file, or a folder that holds it.")
    ] = None,
) -> None:
    """Turn published weights into models: fetched, or taken from a file that is already here.

    Needs the train extra.
    """
    import fnmatch

    from taggram.errors import MissingExtraError, ModelError
    from taggram.models.published import PUBLISHED
    from taggram.models.store import place

    wished = {name: fnmatch.filter(PUBLISHED, name) for name in names}
    for name, matches in wished.items():
        if not matches:
            raise ModelError(f"no published weights are named {name!r}; see: taggram models list")
    try:
        from taggram.models.importing import import_model
    except ModuleNotFoundError:
        raise MissingExtraError("importing weights", "train") from None
    for name in dict.fromkeys(match for matches in wished.values() for match in matches):
        import_model(name, source)
        print(place(name))


@app.command()
def path(name: Annotated[str, typer.Argument(help="A model's name.")]) -> None:
    """Print the folder of a model that is here."""
    from taggram.models.store import find

    print(find(name))
