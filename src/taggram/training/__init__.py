"""From a recipe to a model: what to train is data, and one loop trains it.

Neither `Recipe` nor `prepare_cpu` needs torch; `taggram.training.loop` does, and is imported after `prepare_cpu` was
called.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from taggram.training.recipe import Recipe
    from taggram.training.speed import prepare_cpu

__all__ = ["Recipe", "prepare_cpu"]

_MODULES = {"Recipe": "recipe", "prepare_cpu": "speed"}


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
