"""The recipe of a training: plain data, read from YAML, in sections.

`catalogue.py` finds the recipes of published experiments, which are in ``published``: a folder per paper.
"""

from taggram.training.recipe.catalogue import find_recipe, list_recipes, load_recipe, recipe_file
from taggram.training.recipe.recipe import FILE_NAME, Recipe

__all__ = ["FILE_NAME", "Recipe", "find_recipe", "list_recipes", "load_recipe", "recipe_file"]
