"""The package's architectures as their files state them: listing them loads no torch."""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path

from taggram.models import architectures


@cache
def catalogue() -> dict[str, str]:
    """Return the papers of the package's architectures, by name.

    An architecture is a class with the decorator ``register``. It states its ``paper`` as plain text, and a ``name`` if
    it has another than its file.
    """
    papers = {}
    for file in sorted(Path(architectures.__file__).parent.glob("*.py")):
        for node in ast.parse(file.read_bytes()).body:
            if isinstance(node, ast.ClassDef) and any(ast.unparse(part) == "register" for part in node.decorator_list):
                stated = dict(_texts(node))
                papers[stated.get("name", file.stem)] = stated.get("paper", "")
    return papers


def _texts(architecture: ast.ClassDef) -> list[tuple[str, str]]:
    """Find what a class states as plain text."""
    return [
        (target.id, node.value.value)
        for node in architecture.body
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
        for target in node.targets
        if isinstance(target, ast.Name)
    ]
