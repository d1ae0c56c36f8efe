"""The recipes of published experiments that come with the package, by name."""

from __future__ import annotations

import fnmatch
import os
from pathlib import Path

from taggram.errors import RecipeError, did_you_mean
from taggram.training.recipe.recipe import Recipe

FOLDER = Path(__file__).with_name("published")
SUFFIX = ".yaml"


def list_recipes(pattern: str = "*") -> list[str]:
    """Return the names of the recipes of published experiments, ``paper/experiment``, sorted.

    Parameters
    ----------
    pattern
        Shell-style pattern, such as ``"ferraro2020/*"``.

    Examples
    --------
    >>> list_recipes("nair/k*")
    ['nair/knn']
    """
    files = sorted(FOLDER.glob(f"*/*{SUFFIX}"))
    return fnmatch.filter([file.relative_to(FOLDER).with_suffix("").as_posix() for file in files], pattern)


def recipe_file(name: str) -> Path:
    """Return the YAML file of a recipe of `list_recipes`.

    Raises
    ------
    RecipeError
        If there is none of that name.
    """
    if name not in (names := list_recipes()):
        near = did_you_mean(name, names) or "; see: taggram recipes list"
        raise RecipeError(f"there is no recipe named {name!r}{near}")
    return FOLDER / f"{name}{SUFFIX}"


def load_recipe(name: str) -> Recipe:
    """Return a recipe of `list_recipes`.

    Raises
    ------
    RecipeError
        If there is none of that name.

    Examples
    --------
    >>> load_recipe("nair/knn").model.architecture
    'knn'
    """
    return Recipe.parse(recipe_file(name).read_bytes(), name)


def find_recipe(name_or_file: str | os.PathLike[str]) -> Recipe:
    """Return a recipe of `list_recipes` by its name, or read a YAML file; a file has precedence.

    Raises
    ------
    RecipeError
        If there is neither, or the recipe is invalid.
    """
    path = Path(name_or_file)
    if not path.exists() and path.suffix != SUFFIX and len(path.parts) == 2:
        return load_recipe(path.as_posix())
    return Recipe.read(path)
