"""``taggram train``: from a recipe to a model."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from taggram._system import cpu_count

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from taggram.training.plan import Plan

T = TypeVar("T")


def train(
    recipe: Annotated[Path, typer.Argument(metavar="RECIPE.yaml", help="What to train, on what and how.")],
    out: Annotated[
        Path | None,
        typer.Option(metavar="FOLDER", help="Where the model goes.  \\[default: where models of its name lie]"),
    ] = None,
    resume: Annotated[
        bool, typer.Option("--resume/--fresh", help="Go on from the folder's checkpoint, or start anew.")
    ] = True,
    device: Annotated[str, typer.Option(help="cpu, cuda, cuda:1; auto: a GPU where there is one.")] = "auto",
    threads: Annotated[int | None, typer.Option(min=1, help="Threads on the CPU.  \\[default: the cores]")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Check everything, show the plan, train nothing.")] = False,
) -> None:
    """Train a model on a packed store.

    If the recipe names material, it is packed first; if it names teachers, they score it next. Each of this is done
    once, and a checkpoint is written after each epoch: the same command goes on where it stopped. Prints the model's
    folder. Needs the train extra.
    """
    from taggram.errors import MissingExtraError
    from taggram.models.directories import model_dir

    try:
        from taggram._progress import progress
        from taggram.training import Recipe, prepare_cpu

        prepare_cpu()  # before anything loads torch
        wanted = Recipe.read(recipe)
        from taggram.cli.packing import show_result
        from taggram.datasets import PackedStore, pack
        from taggram.models.card import BASELINES
        from taggram.training import material
        from taggram.training.distillation import taught
        from taggram.training.loop import chosen_device
        from taggram.training.loop import train as run
        from taggram.training.plan import plan
        from taggram.training.speed import set_threads
    except ModuleNotFoundError:
        raise MissingExtraError("training", "train") from None

    cores = cpu_count()
    if wanted.material and not dry_run:
        index = material.index(wanted, cores)
        _say(f"{wanted.store}: {pack(index, wanted.store, workers=cores, report=show_result, progress=progress)}")
    store = PackedStore(wanted.store)
    ready = plan(wanted, store, str(recipe))
    folder = out or model_dir(wanted.name)
    if dry_run:
        _show(ready, folder)
        return
    if wanted.architecture in BASELINES:
        from taggram.training.baselines import train_baseline

        fitted = train_baseline(ready, folder, jobs=threads or cores)
        _say(f"{fitted.name}: {fitted.trained_on}")
        print(folder)
        return
    try:
        if wanted.teachers:
            ready = taught(ready, store, workers=cores, device=chosen_device(device), report=_say)
        set_threads(threads)
        card = run(ready, folder, device=device, resume=resume, watch=_with_progress)
    except KeyboardInterrupt:
        print(f"stopped; the same command goes on from the last whole epoch in {folder}", file=sys.stderr)
        raise
    best = card.scores[0]
    print(f"{card.name}: validation loss {best.value:.4f} ({best.source})", file=sys.stderr)
    print(folder)


def _say(line: str) -> None:
    print(line, file=sys.stderr)


def _show(ready: Plan, folder: Path) -> None:
    import numpy as np

    from taggram.models.card import BASELINES

    print(ready.recipe.to_yaml(), end="")
    print(f"# {len(ready.train.clips)} clips to train on, {len(ready.valid.clips)} to validate on")
    if ready.recipe.teachers:
        print(f"# {len(ready.vocabulary)} tags, learned from {len(ready.recipe.teachers)} teachers", end="")
    else:
        labels = ready.train.targets.of_clips(np.arange(len(ready.train.clips)))
        print(
            f"# {len(ready.vocabulary)} tags, {(labels.sum(axis=0) == 0).sum()} of them without a training clip", end=""
        )
    if ready.recipe.architecture not in BASELINES:
        print(f"; {sum(parameter.numel() for parameter in ready.network().parameters()):,} parameters", end="")
    print()
    print(f"# into {folder}")


def _with_progress(batches: Iterable[T], total: int, title: str) -> Iterator[T]:
    """Show a progress bar on stderr while somebody watches."""
    if not sys.stderr.isatty():
        yield from batches
        return
    from rich.console import Console
    from rich.progress import track

    yield from track(batches, title, total=total, console=Console(stderr=True), transient=True)
