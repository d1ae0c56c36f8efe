"""A network's training from its plan to its model, on one device or several."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable
from pathlib import Path

import torch
from lightning_fabric import Fabric

from taggram._files import named_errors
from taggram._progress import ProgressHook, no_progress
from taggram.errors import RecipeError
from taggram.models import ModelCard
from taggram.training.export import write_model, write_recipe
from taggram.training.loop import checkpoint, health
from taggram.training.loop.checkpoint import Checkpoint
from taggram.training.loop.curves import draw_curves
from taggram.training.loop.devices import Devices, launch, shared_errors
from taggram.training.loop.history import History, Row, describe
from taggram.training.loop.trainer import Trainer
from taggram.training.plan import Plan
from taggram.training.recipe import Recipe


def fit(
    plan: Plan,
    folder: Path,
    devices: Devices,
    *,
    resume: bool = True,
    compile_layers: bool = False,
    progress: ProgressHook = no_progress,
    report: Callable[[str], None] | None = None,
    on_epoch: Callable[[Row], None] | None = None,
) -> tuple[ModelCard, Row]:
    """Train a network and write the model.

    Only here are torch's generators seeded with the recipe's seed; they are restored afterwards.

    Parameters
    ----------
    plan
        The recipe and its data.
    folder
        For the model, the effective recipe, the checkpoint and the history.
    devices
        Where to train.
    resume
        Whether to resume from the folder's checkpoint, if it has one.
    compile_layers
        Whether to compile the network with `torch.compile`.
    progress
        Shows the progress of each epoch, in batches.
    report
        Called with a line for each epoch, and for each warning.
    on_epoch
        Called with the row of each epoch; what it raises ends the training, which can be resumed.

    Returns
    -------
    card, row
        The card of the model with the lowest validation loss, or of the last epoch, and the row of its epoch.

    Raises
    ------
    RecipeError
        If the folder contains other files, or the loss is not finite.
    """
    resume = _check_folder(plan, folder, resume)
    functions = progress, report or _ignore, on_epoch or _ignore
    with named_errors(folder):
        result = launch(devices, _fit, plan, folder, resume, compile_layers, *functions)
    assert result is not None
    return result


def _fit(
    fabric: Fabric,
    plan: Plan,
    folder: Path,
    resume: bool,
    compile_layers: bool,
    progress: ProgressHook,
    report: Callable[[str], None],
    on_epoch: Callable[[Row], None],
) -> tuple[ModelCard, Row] | None:
    """Train in one of the processes; the first one writes and returns the result."""
    is_first = fabric.global_rank == 0
    gpus = [fabric.device.index or 0] if fabric.device.type == "cuda" else []
    with torch.random.fork_rng(devices=gpus), contextlib.ExitStack() as stack:
        torch.manual_seed(plan.recipe.seed)
        trainer = Trainer(plan, fabric, compile_layers=compile_layers)
        with shared_errors(fabric):
            if resume:
                trainer.restore(Checkpoint.read(folder / checkpoint.FILE_NAME))
        with shared_errors(fabric):  # nothing is written before all processes have read
            if is_first:
                if not resume:
                    folder.mkdir(parents=True, exist_ok=True)
                    trainer.checkpoint().write(folder / checkpoint.FILE_NAME)
                    write_recipe(plan, folder)
                    for line in health.check_labels(plan):
                        report(line)
                history = stack.enter_context(History(folder, len(trainer.history) + 1))
        while not trainer.is_done:
            row = trainer.run_epoch(progress if is_first else no_progress)
            with shared_errors(fabric):
                if is_first:
                    trainer.checkpoint().write(folder / checkpoint.FILE_NAME)
                    history.write(trainer.history)
                    report(describe(trainer.history, plan.recipe.optim.epochs))
                    for line in trainer.warnings:
                        report(line)
                    on_epoch(row)
        if not is_first:
            return None
        row = trainer.kept_row
        draw_curves(trainer.history, row, folder / "history.svg")
        return write_model(plan, trainer.best, row, folder), row


def _check_folder(plan: Plan, folder: Path, resume: bool) -> bool:
    """Return whether the folder has a checkpoint to resume from, which must belong to the same training."""
    file = folder / checkpoint.FILE_NAME
    if not file.exists():
        if folder.exists() and any(not name.startswith(".") for name in os.listdir(folder)):
            raise RecipeError(f"{folder}: contains files that are no training; choose another folder with --out")
        return False
    if not resume:
        return False
    saved = Checkpoint.read(file)
    for current, earlier, difference in (
        (plan.recipe.to_yaml(), Recipe.parse(saved.recipe, str(file)).to_yaml(), "another recipe"),
        (plan.fingerprint, saved.store, "this recipe with another state of the store"),
    ):
        if current != earlier:
            raise RecipeError(
                f"{folder}: contains a training of {difference}; restart with --fresh, or choose another --out"
            )
    return True


def _ignore(_: object) -> None:
    """Do nothing."""
