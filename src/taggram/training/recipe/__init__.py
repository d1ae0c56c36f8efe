"""The recipe of a training: plain data, read from YAML, in sections."""

from taggram.training.recipe.recipe import FILE_NAME, Recipe

__all__ = ["FILE_NAME", "Recipe"]
