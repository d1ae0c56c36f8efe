"""Training: from a recipe, which is plain data, to a model's folder.

`train` does all of it, and `dry_run` checks a recipe without training. `learn` fits a probe for tags of your own.
Importing this room loads no torch: `train` sets up the CPU before it does. `prepare_cpu` does the same for programs
that use the modules directly.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from taggram.training.probing.run import LearnResult, learn
    from taggram.training.recipe import Recipe, find_recipe, list_recipes, load_recipe, recipe_file
    from taggram.training.run import DryRunResult, TrainResult, dry_run, train
    from taggram.training.speed import prepare_cpu

__all__ = [
    "DryRunResult",
    "LearnResult",
    "Recipe",
    "TrainResult",
    "dry_run",
    "find_recipe",
    "learn",
    "list_recipes",
    "load_recipe",
    "prepare_cpu",
    "recipe_file",
    "train",
]

_MODULES = {
    "DryRunResult": "run",
    "LearnResult": "probing.run",
    "Recipe": "recipe",
    "TrainResult": "run",
    "dry_run": "run",
    "find_recipe": "recipe",
    "learn": "probing.run",
    "list_recipes": "recipe",
    "load_recipe": "recipe",
    "prepare_cpu": "speed",
    "recipe_file": "recipe",
    "train": "run",
}


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
