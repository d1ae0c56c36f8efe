"""Names and papers of the package's architectures, read from their source files without loading torch."""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path

from taggram.models import architectures


@cache
def catalogue() -> dict[str, str]:
    """Return the papers of the package's architectures, by name.

    An architecture is a class with the decorator ``register``. Its attribute ``paper`` is a plain string; the attribute
    ``name``, if any, replaces the name of the file.
    """
    papers = {}
    for file in sorted(Path(architectures.__file__).parent.glob("*.py")):
        for node in ast.parse(file.read_bytes()).body:
            if isinstance(node, ast.ClassDef) and any(ast.unparse(part) == "register" for part in node.decorator_list):
                attributes = dict(_strings(node))
                papers[attributes.get("name", file.stem)] = attributes.get("paper", "")
    return papers


def _strings(architecture: ast.ClassDef) -> list[tuple[str, str]]:
    """Return the attributes of a class that are plain strings."""
    return [
        (target.id, node.value.value)
        for node in architecture.body
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
        for target in node.targets
        if isinstance(target, ast.Name)
    ]
