"""From a recipe to a model: what to train is data, and one loop trains it.

`Recipe` and `prepare_cpu` need no torch; `taggram.training.loop` does, and is imported after `prepare_cpu` was called.
"""

from taggram.training.recipe import Recipe
from taggram.training.speed import prepare_cpu

__all__ = ["Recipe", "prepare_cpu"]
