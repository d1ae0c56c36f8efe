"""Find how an architecture was trained in its paper, in the recipes of this checkout."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import yaml

PROJECT = Path(__file__).resolve().parent.parent
SEGMENTS = ("segments_per_clip", "positions", "validation_segments")  # of the section data


def recipe_of(architecture: str) -> Path | None:
    """Return the first recipe of an architecture, or else the first that has it among the values of a sweep."""
    own = (file for file, recipe in _recipes().items() if recipe["model"]["architecture"] == architecture)
    swept = (file for file, recipe in _recipes().items() if architecture in _leaves(recipe.get("sweep", {})))
    return next(own, None) or next(swept, None)


def settings(file: Path) -> dict[str, dict[str, Any]]:
    """Return what a recipe sets of segments and optimization, in the sections of a recipe."""
    recipe = _recipes()[file]
    segments = {key: value for key, value in recipe["data"].items() if key in SEGMENTS}
    return {"data": segments, "optim": recipe.get("optim", {})}


@cache
def _recipes() -> dict[Path, dict[str, Any]]:
    """Read all recipes: those in the folder of recipes, then those inside the package."""
    files = [file for folder in ("recipes", "src") for file in sorted((PROJECT / folder).rglob("*.yaml"))]
    return {file: yaml.safe_load(file.read_text(encoding="utf-8")) for file in files}


def _leaves(value: Any) -> Iterator[Any]:
    """Walk the values of nested lists and mappings."""
    match value:
        case dict():
            for inner in value.values():
                yield from _leaves(inner)
        case list():
            for inner in value:
                yield from _leaves(inner)
        case _:
            yield value
