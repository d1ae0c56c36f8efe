"""The results of a training: a model's folder, ready to tag with, and the effective recipe."""

from __future__ import annotations

import os
import shutil
from importlib.metadata import version
from pathlib import Path

from torch import Tensor

from taggram._files import atomic_file
from taggram.models import ModelCard, create_model
from taggram.models.card import FILE_NAME as CARD_FILE
from taggram.models.card import Score
from taggram.models.directories import ONNX_FILE, WEIGHTS_FILE
from taggram.models.weights import save_model
from taggram.training import recipe as recipe_file
from taggram.training.calibration.probabilities import calibrate_scores
from taggram.training.data import sample_segments
from taggram.training.loop.checkpoint import Checkpoint
from taggram.training.loop.history import Row
from taggram.training.plan import Plan
from taggram.training.recipe import Recipe
from taggram.vocabularies import Vocabulary

QUANTIZATION_CLIPS = 256  # at most; one segment of each measures the ranges


def write_recipe(plan: Plan, folder: Path) -> None:
    """Write the effective recipe, with versions and counts in comments."""
    versions = ", ".join(f"{name} {version(name)}" for name in ("torch", "lightning-fabric", "numpy"))
    counts = f"{len(plan.train.clips)} training clips, {len(plan.valid.clips)} validation clips"
    text = f"# taggram {version('taggram')}, {versions}\n# {counts}; store {plan.fingerprint}\n{plan.recipe.to_yaml()}"
    with atomic_file(folder / recipe_file.FILE_NAME) as part:
        part.write_text(text, encoding="utf-8")


def write_checkpoint(file: Path, folder: Path) -> ModelCard:
    """Write the best model so far of a training that may not have ended; its store is not needed.

    Parameters
    ----------
    file
        The checkpoint.
    folder
        A new folder for the model.

    Raises
    ------
    RecipeError
        If the checkpoint is damaged, or was written by another version.
    """
    checkpoint = Checkpoint.read(file)
    recipe = Recipe.parse(checkpoint.recipe, str(file))
    tags = recipe.data.vocabulary or ()
    vocabulary = Vocabulary.from_names(tags)
    if not isinstance(tags, str):
        vocabulary = vocabulary.replace(name=recipe.name.partition(".")[2])
    network = create_model(recipe.model.architecture, vocabulary, **recipe.model.options)
    network.load_state_dict(checkpoint.best)
    card = network.card(
        recipe.name,
        options=recipe.model.options,
        trained_on=f"packed store {Path(recipe.data.store).name}, training split, {checkpoint.epoch} epochs so far",
        licence=recipe.licence,
    )
    return save_model(network, card, folder)


def write_model(plan: Plan, weights: dict[str, Tensor], best: Row, folder: Path) -> ModelCard:
    """Write weights, ONNX file and card.

    Parameters
    ----------
    plan
        The recipe and its data.
    weights
        The best weights.
    best
        The row of their epoch.
    folder
        Other files in it are kept.

    Returns
    -------
    ModelCard
        As written.
    """
    recipe, network = plan.recipe, plan.build_network()
    network.load_state_dict(weights)
    network.eval()
    name, clips = Path(recipe.data.store).name, len(plan.valid.clips)
    sources = f" of {', '.join(source.name for source in recipe.data.sources)}" if recipe.data.sources else ""
    trained_on = f"packed store {name}{sources}, training split ({len(plan.train.clips)} clips)"
    if recipe.model.init:
        trained_on += f"; started from the weights of {recipe.model.init}"
    targets = "labels"
    facts = {}
    if recipe.distill.teachers:
        trained_on += "; distilled from " + ", ".join(teacher.model for teacher in recipe.distill.teachers)
        targets = "scaled scores of the teachers"
        facts = {"calibration": calibrate_scores(network, plan)}
    is_plain = len(network.heads.all) == 1 and network.heads.kinds == {"sigmoid"} and not recipe.optim.pos_weight
    card = network.card(
        recipe.name,
        options=recipe.model.options,
        trained_on=trained_on,
        scores=(
            Score(
                metric="bce" if is_plain else "loss",
                value=best["validation_loss"],
                protocol=f"packed store {name}, validation split, against {targets}, mean over "
                f"{recipe.data.validation_segments} evenly spaced segments; the epoch was chosen by this loss",
                clips=clips,
                source=f"taggram {version('taggram')}, epoch {best['epoch']:.0f}, seed {recipe.seed}",
            ),
        ),
        licence=recipe.licence,
        **facts,
    )
    new = folder / ".model"
    try:
        segments = None
        if recipe.export.quantize:
            samples = network.segments.samples
            segments = sample_segments(plan.store, plan.train, samples, QUANTIZATION_CLIPS, recipe.seed)
        card = save_model(network, card, new, segments)
        for file in (WEIGHTS_FILE, ONNX_FILE, CARD_FILE):
            os.replace(new / file, folder / file)
    finally:
        shutil.rmtree(new, ignore_errors=True)
    return card
