"""``taggram train``: from a recipe to a model."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from taggram.models import ModelCard
    from taggram.training import DryRunResult


def train(
    recipe: Annotated[Path, typer.Argument(metavar="RECIPE.yaml", help="The settings of the training.")],
    out: Annotated[
        Path | None,
        typer.Option(
            "--out", "-o", metavar="FOLDER", help="Folder of the model.  \\[default: the one of installed models]"
        ),
    ] = None,
    resume: Annotated[
        bool, typer.Option("--resume/--fresh", help="Resume from the folder's checkpoint, or restart.")
    ] = True,
    device: Annotated[str, typer.Option(help="cpu, cuda or cuda:1; auto: a GPU if there is one.")] = "auto",
    devices: Annotated[int, typer.Option(min=1, help="GPUs, or processes on the CPU, that share each step.")] = 1,
    nodes: Annotated[
        int, typer.Option(min=1, help="Machines, each of which runs the same command; see the guide on training.")
    ] = 1,
    threads: Annotated[
        int | None, typer.Option(min=1, help="Threads on the CPU.  \\[default: the number of cores]")
    ] = None,
    compile_layers: Annotated[
        bool, typer.Option("--compile", help="Compile the network with torch.compile, which pays on GPUs.")
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Check the recipe and print its settings; train nothing.")
    ] = False,
) -> None:
    """Train a model on a packed store.

    Sources in the recipe are packed first; teachers score the clips next. A checkpoint is written after each epoch;
    after an interruption the same command resumes. Prints the model's folder. Needs the train extra.
    """
    from taggram import training
    from taggram._progress import progress

    if dry_run:
        _print_dry_run(training.dry_run(recipe, out))
        return
    try:
        result = training.train(
            recipe,
            out,
            device=device,
            devices=devices,
            nodes=nodes,
            threads=threads,
            compile_layers=compile_layers,
            resume=resume,
            progress=progress,
            report=_print_status,
        )
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
