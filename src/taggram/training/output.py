"""What is left of a training: a model's folder, ready to tag with, and the recipe beside it."""

from __future__ import annotations

import os
import shutil
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from taggram.models import ModelCard, store
from taggram.models.card import FILE_NAME as CARD_FILE
from taggram.models.card import Score
from taggram.models.weights import save_model
from taggram.training import recipe as recipe_file

if TYPE_CHECKING:
    from torch import Tensor

    from taggram.training.checkpoint import Row
    from taggram.training.plan import Plan


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
    name, clips = Path(recipe.store).name, len(plan.valid.clips)
    card = network.card(
        recipe.name,
        options=recipe.options,
        trained_on=f"packed store {name}, training split ({len(plan.train.clips)} clips)",
        scores=(
            Score(
                metric="bce",
                value=best["validation_loss"],
                protocol=f"packed store {name}, validation split, mean over {recipe.validation_segments} evenly spaced "
                "segments; the epoch was chosen by this figure",
                clips=clips,
                source=f"taggram {version('taggram')}, epoch {best['epoch']:.0f}, seed {recipe.seed}",
            ),
        ),
        licence=recipe.licence,
    )
    made = folder / ".model"
    try:
        card = save_model(network, card, made)
        for file in (store.WEIGHTS_FILE, store.ONNX_FILE, CARD_FILE):
            os.replace(made / file, folder / file)
    finally:
        shutil.rmtree(made, ignore_errors=True)
    return card
