"""What precedes a training: the extra, the recipe, and the packed store."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable
from importlib import import_module
from typing import TYPE_CHECKING

from taggram._progress import ProgressHook
from taggram.errors import MissingExtraError, RecipeError
from taggram.training.speed import prepare_cpu

with contextlib.suppress(ModuleNotFoundError):  # `require_extra` raises MissingExtraError
    from taggram.training.recipe import Recipe, find_recipe

if TYPE_CHECKING:
    from taggram.datasets import PackResult

SAMPLE_RATE = "{sample_rate}"  # in the path of a store


def require_extra() -> None:
    """Import all libraries of the extra, after setting up the CPU for torch.

    Raises
    ------
    MissingExtraError
        If one is not installed.
    """
    prepare_cpu()
    try:
        import_module("taggram.training.loop.fit")
    except ModuleNotFoundError:
        raise MissingExtraError("training", "train") from None


def read_recipe(recipe: Recipe | str | os.PathLike[str]) -> tuple[Recipe, str]:
    """Return the recipe of one training with the path of its store, and its name for error messages.

    Parameters
    ----------
    recipe
        The recipe, its YAML file, or the name of one of `list_recipes`.

    Raises
    ------
    RecipeError
        If it is invalid, or that of several trainings.
    """
    from taggram.training.plan import required_sample_rate

    source = recipe.name if isinstance(recipe, Recipe) else os.fspath(recipe)
    recipe = recipe if isinstance(recipe, Recipe) else find_recipe(recipe)
    if recipe.sweep:
        raise RecipeError(f"{source}: sweep: this is the recipe of several trainings; run: taggram sweep {source}")
    if SAMPLE_RATE in recipe.data.store:
        rate = str(required_sample_rate(recipe, source))
        recipe = recipe.replace(data={"store": recipe.data.store.replace(SAMPLE_RATE, rate)})
    return recipe, source


def pack_sources(
    recipe: Recipe, source: str, workers: int, progress: ProgressHook, report: Callable[[str], None]
) -> None:
    """Pack the sources of a recipe into its store, at the sample rate of its architecture.

    Parameters
    ----------
    recipe, source
        The recipe, and its name for error messages.
    workers
        Processes that decode.
    progress
        Shows the number of clips.
    report
        Called with a line for each damaged or unreadable file, and with a summary.
    """
    from taggram.datasets import pack
    from taggram.training.plan import required_sample_rate
    from taggram.training.sources import list_sources

    rate = required_sample_rate(recipe, source)
    clips = list_sources(recipe, rate, workers)
    if not recipe.distill.teachers:  # else labels are not the targets
        for line in clips.warnings:
            report(f"warning: {line}")

    def show(result: PackResult) -> None:
        if result.state == "failed":
            report(f"error: {result.message}")
        elif result.message:
            report(f"warning: {result.clip.path}: {result.message}")

    summary = pack(clips, recipe.data.store, sample_rate=rate, workers=workers, report=show, progress=progress)
    report(f"{recipe.data.store}: {summary}")
