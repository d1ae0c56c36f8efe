"""What is left of a training: a model's folder, ready to tag with, and the recipe beside it."""

from __future__ import annotations

import os
import shutil
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from taggram.models import ModelCard, directories
from taggram.models.card import FILE_NAME as CARD_FILE
from taggram.models.card import Score
from taggram.models.weights import save_model
from taggram.training import recipe as recipe_file
from taggram.training.calibration import calibrate
from taggram.training.data import one_of_each

if TYPE_CHECKING:
    from torch import Tensor

    from taggram.training.checkpoint import Row
    from taggram.training.plan import Plan

QUANTISED_ON = 256  # segments, at most one of a clip


def write_recipe(plan: Plan, folder: Path) -> None:
    """Write the effective recipe; versions and counts stand in a comment, so that it can be trained again as it is."""
    versions = ", ".join(f"{name} {version(name)}" for name in ("torch", "lightning-fabric", "numpy"))
    counts = f"{len(plan.train.clips)} clips to train on, {len(plan.valid.clips)} to validate on"
    text = f"# taggram {version('taggram')}, {versions}\n# {counts}; store {plan.fingerprint}\n{plan.recipe.to_yaml()}"
    scratch = folder / f".{recipe_file.FILE_NAME}.part"
    scratch.write_text(text, encoding="utf-8")
    os.replace(scratch, folder / recipe_file.FILE_NAME)


def write_model(plan: Plan, weights: dict[str, Tensor], best: Row, folder: Path) -> ModelCard:
    """Write weights, ONNX file and card.

    Parameters
    ----------
    plan
        What was trained.
    weights
        The best ones.
    best
        What was measured in their epoch.
    folder
        Other files in it are kept.

    Returns
    -------
    ModelCard
        As written.
    """
    recipe, network = plan.recipe, plan.network()
    network.load_state_dict(weights)
    network.eval()
    name, clips = Path(recipe.store).name, len(plan.valid.clips)
    sources = f" of {', '.join(source.name for source in recipe.material)}" if recipe.material else ""
    trained_on = f"packed store {name}{sources}, training split ({len(plan.train.clips)} clips)"
    against = "labels"
    facts = {}
    if recipe.teachers:
        trained_on += "; taught by " + ", ".join(teacher.model for teacher in recipe.teachers)
        against = "scaled scores of the teachers"
        facts = calibrate(network, plan)
    plain = len(network.heads.all) == 1 and network.heads.kinds == {"sigmoid"} and not recipe.balance
    card = network.card(
        recipe.name,
        options=recipe.options,
        trained_on=trained_on,
        scores=(
            Score(
                metric="bce" if plain else "loss",
                value=best["validation_loss"],
                protocol=f"packed store {name}, validation split, against {against}, mean over "
                f"{recipe.validation_segments} evenly spaced segments; the epoch was chosen by this figure",
                clips=clips,
                source=f"taggram {version('taggram')}, epoch {best['epoch']:.0f}, seed {recipe.seed}",
            ),
        ),
        licence=recipe.licence,
        **facts,
    )
    made = folder / ".model"
    try:
        heard = None
        if recipe.quantise:
            heard = one_of_each(plan.store, plan.train, network.segments.samples, QUANTISED_ON, recipe.seed)
        card = save_model(network, card, made, heard)
        for file in (directories.WEIGHTS_FILE, directories.ONNX_FILE, CARD_FILE):
            os.replace(made / file, folder / file)
    finally:
        shutil.rmtree(made, ignore_errors=True)
    return card
