"""The loop: epochs on Lightning Fabric, a checkpoint after each, and a model at the end."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import torch
from lightning_fabric import Fabric

from taggram.errors import RecipeError
from taggram.training import checkpoint
from taggram.training.checkpoint import Checkpoint
from taggram.training.journal import Journal
from taggram.training.output import write_model, write_recipe
from taggram.training.recipe import Recipe
from taggram.training.session import Session, Watch, unwatched

if TYPE_CHECKING:
    from pathlib import Path

    from taggram.models import ModelCard
    from taggram.training.plan import Plan


def train(
    plan: Plan, folder: Path, *, device: str = "auto", resume: bool = True, watch: Watch = unwatched
) -> ModelCard:
    """Train a network and write the model.

    Torch's generators are seeded with the recipe's seed here and nowhere else, and are put back afterwards.

    Parameters
    ----------
    plan
        What to train on what.
    folder
        For the model, the effective recipe, the checkpoint and the journal.
    device
        ``"cpu"``, ``"cuda"``, ``"cuda:1"``; ``"auto"`` is a GPU where there is one.
    resume
        Whether to go on from the folder's checkpoint, if it has one.
    watch
        Sees the batches of each epoch.

    Returns
    -------
    ModelCard
        Of the model with the lowest validation loss.

    Raises
    ------
    RecipeError
        If the folder holds something else, the device does not exist, or the loss is no longer a number.
    """
    before = _before(plan, folder, resume)
    fabric = make_fabric(chosen_device(device), plan)
    gpus = [fabric.device.index or 0] if fabric.device.type == "cuda" else []
    with torch.random.fork_rng(devices=gpus):
        torch.manual_seed(plan.recipe.seed)
        session = Session(plan, fabric, folder)
        if before is None:
            folder.mkdir(parents=True, exist_ok=True)
            session.save()
            write_recipe(plan, folder)
        else:
            session.restore(before)
        with Journal(folder, len(session.history) + 1) as journal:
            while not session.done:
                session.epoch(watch)
                session.save()
                journal.write(session.history)
        return write_model(plan, session.best, session.best_row, folder)


def _before(plan: Plan, folder: Path, resume: bool) -> Checkpoint | None:
    """Return what there is to go on from, if it is of the same training."""
    file = folder / checkpoint.FILE_NAME
    if not file.exists():
        if folder.exists() and any(not name.startswith(".") for name in os.listdir(folder)):
            raise RecipeError(f"{folder}: holds something else than a training; choose another folder with --out")
        return None
    if not resume:
        return None
    found = Checkpoint.read(file)
    for mine, there, what in (
        (plan.recipe.to_yaml(), Recipe.parse(found.recipe).to_yaml(), "another recipe"),
        (plan.fingerprint, found.store, "this recipe, but the store was another then"),
    ):
        if mine != there:
            raise RecipeError(f"{folder}: holds a training of {what}; start anew with --fresh, or choose another --out")
    return found


def chosen_device(device: str) -> str:
    """Say what a device comes down to: ``"cpu"`` or ``"cuda:0"`` for ``"auto"``, ``"cuda:0"`` for ``"cuda"``.

    Raises
    ------
    RecipeError
        If it does not exist.
    """
    if device == "auto":
        device = "cuda" if torch.cuda.is_available() else "cpu"
    kind, _, index = device.partition(":")
    here = {"cpu": 1, "cuda": torch.cuda.device_count()}.get(kind, 0)
    if not (index or "0").isdecimal() or int(index or 0) >= here:
        raise RecipeError(f"there is no device {device!r} here; use --device cpu, or cuda where there is a GPU")
    return kind if kind == "cpu" else f"{kind}:{int(index or 0)}"


def make_fabric(device: str, plan: Plan) -> Fabric:
    """Set up the device, as `chosen_device` says it, and the precision."""
    kind, _, index = device.partition(":")
    devices = [int(index)] if index else 1
    return Fabric(accelerator=kind, devices=devices, precision="bf16-mixed" if plan.recipe.precision == "bf16" else 32)
