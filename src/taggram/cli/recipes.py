"""``taggram recipes``: list, show and run the recipes of published experiments."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from taggram.cli.completion import recipe_names
from taggram.cli.table import print_rows
from taggram.cli.train import Compile, Device, Devices, DryRun, Nodes, Out, Resume, Threads, run_training

if TYPE_CHECKING:
    from taggram.evaluation.experiments import Experiment

app = typer.Typer(help="List, show and run the recipes of published experiments.", no_args_is_help=True)

Name = Annotated[str, typer.Argument(help="A recipe; see: taggram recipes list", autocompletion=recipe_names)]


@app.command("list")
def list_(
    pattern: Annotated[str, typer.Argument(help="Shell-style pattern for the name, such as 'ferraro2020/*'.")] = "*",
    json: Annotated[bool, typer.Option("--json", help="Print one line of JSON per recipe.")] = False,
) -> None:
    """List the recipes of published experiments.

    Needs the train extra.
    """
    import json as encoder

    from taggram.evaluation.experiments import list_experiments

    rows = [("recipe", "trainings", "published in", "is")]
    for experiment in list_experiments(pattern):
        published = experiment.published
        if json:
            row = {"name": experiment.name, "trainings": experiment.trainings, "about": experiment.about}
            print(encoder.dumps({**row, "paper": published.paper, "table": published.table}, ensure_ascii=False))
        source = f"{published.paper}, {published.table}"
        rows.append((experiment.name, str(experiment.trainings), source, experiment.about))
    if not json:
        print_rows(rows)


@app.command()
def show(name: Name) -> None:
    """Show a recipe: its YAML, the published figures, and the commands that repeat the experiment.

    All but the YAML is in comments, so that the output is a recipe, too: save it and change it. Needs the train extra.
    """
    from taggram.evaluation.experiments import load_experiment
    from taggram.training import recipe_file

    comments = _comments(load_experiment(name))
    print(recipe_file(name).read_text(encoding="utf-8"))
    for line in comments:
        print(f"# {line}".rstrip())


def _comments(experiment: Experiment) -> list[str]:
    """Describe the trainings, the published figures and the commands."""
    sweep = experiment.recipe.sweep
    seeds = f", each row with {len(sweep.seeds)} seeds" if sweep and len(sweep.seeds) > 1 else ""
    count = experiment.trainings
    lines = [f"{count} training{'s' if count > 1 else ''}{seeds}. Rows of the paper, with the published figures:"]
    lines += [f"{number:>4}  {cell.row}: {cell.figures or '-'}" for number, cell in enumerate(experiment.cells, 1)]
    lines += ["", "FOLDER is that of the data set:"]
    lines += [f"  {command}" for command in experiment.commands()]
    if sweep:
        lines += ["", f"A single row: taggram recipes run {experiment.name} --row 1"]
    return lines


@app.command()
def run(
    name: Name,
    row: Annotated[
        int | None,
        typer.Option(min=1, metavar="N", help="Row of a grid, as numbered by: taggram recipes show"),
    ] = None,
    store: Annotated[
        str | None,
        typer.Option(
            metavar="FOLDER", help="Packed store, with {sample_rate} for its rate.  \\[default: the recipe's]"
        ),
    ] = None,
    set_: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="KEY=VALUE", help="Another setting, such as optim.epochs=1. Repeatable."),
    ] = None,
    out: Out = None,
    resume: Resume = True,
    device: Device = "auto",
    devices: Devices = 1,
    nodes: Nodes = 1,
    threads: Threads = None,
    compile_layers: Compile = False,
    dry_run: DryRun = False,
) -> None:
    """Train a model by the recipe of a published experiment, as taggram train does.

    Of a grid, trains a single row; taggram sweep trains all of them. Needs the train extra.
    """
    from taggram.evaluation.experiments import load_experiment

    recipe = load_experiment(name).recipe_of(row).with_values(dict(map(_setting, set_ or [])))
    if store is not None:
        recipe = recipe.replace(data={"store": store})
    run_training(
        recipe,
        out,
        dry_run,
        resume=resume,
        device=device,
        devices=devices,
        nodes=nodes,
        threads=threads,
        compile_layers=compile_layers,
    )


def _setting(text: str) -> tuple[str, Any]:
    """Return the key and the value of a setting, as YAML reads it."""
    import yaml

    key, equals, value = text.partition("=")
    try:
        return key, yaml.safe_load(value if equals else "{")
    except yaml.YAMLError:
        raise typer.BadParameter(f"{text!r} is not KEY=VALUE, such as optim.epochs=1") from None
