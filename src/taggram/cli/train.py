"""``taggram train``: from a recipe to a model."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from taggram.models import ModelCard
    from taggram.training import DryRunResult, Recipe

Out = Annotated[
    Path | None,
    typer.Option(
        "--out", "-o", metavar="FOLDER", help="Folder of the model.  \\[default: the one of installed models]"
    ),
]
Resume = Annotated[bool, typer.Option("--resume/--fresh", help="Resume from the folder's checkpoint, or restart.")]
Device = Annotated[str, typer.Option(help="cpu, cuda or cuda:1; auto: a GPU if there is one.")]
Devices = Annotated[int, typer.Option(min=1, help="GPUs, or processes on the CPU, that share each step.")]
Nodes = Annotated[
    int, typer.Option(min=1, help="Machines, each of which runs the same command; see the guide on training.")
]
Threads = Annotated[int | None, typer.Option(min=1, help="Threads on the CPU.  \\[default: the number of cores]")]
Compile = Annotated[bool, typer.Option("--compile", help="Compile the network with torch.compile, which pays on GPUs.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Check the recipe and print its settings; train nothing.")]


def train(
    recipe: Annotated[
        Path, typer.Argument(metavar="RECIPE", help="A YAML file, or the name of one of: taggram recipes list")
    ],
    out: Out = None,
    resume: Resume = True,
    device: Device = "auto",
    devices: Devices = 1,
    nodes: Nodes = 1,
    threads: Threads = None,
    compile_layers: Compile = False,
    dry_run: DryRun = False,
) -> None:
    """Train a model on a packed store.

    Sources in the recipe are packed first; teachers score the clips next. A checkpoint is written after each epoch;
    after an interruption the same command resumes. Prints the model's folder. Needs the train extra.
    """
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


def run_training(recipe: Recipe | Path, out: Path | None, dry_run: bool, **options: Any) -> None:
    """Train a model with options of `taggram.train` and print its folder, or print what would be done."""
    from taggram import training
    from taggram._progress import progress

    if dry_run:
        _print_dry_run(training.dry_run(recipe, out))
        return
    try:
        result = training.train(recipe, out, **options, progress=progress, report=_print_status)
    except KeyboardInterrupt:
        _print_status("interrupted; run the same command again to resume")
        raise
    _print_status(_summarize(result.card))
    print(result.folder)


def _print_status(line: str) -> None:
    print(line, file=sys.stderr)


def _summarize(card: ModelCard) -> str:
    if not card.scores:
        return f"{card.name}: {card.trained_on}"
    return f"{card.name}: validation loss {card.scores[0].value:.4f} ({card.scores[0].source})"


def _print_dry_run(result: DryRunResult) -> None:
    print(result.recipe.to_yaml(), end="")
    print(f"# {result.train_clips} training clips, {result.valid_clips} validation clips")
    if teachers := result.recipe.distill.teachers:
        print(f"# {len(result.vocabulary)} tags, {len(teachers)} teachers", end="")
    else:
        unlabelled = len(result.unlabelled_tags)
        print(f"# {len(result.vocabulary)} tags, {unlabelled} of them without a training clip", end="")
    print("" if result.parameters is None else f"; {result.parameters:,} parameters")
    print(f"# into {result.folder}")
