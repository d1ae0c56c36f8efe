"""Architectures and models by name, in timm's manner: ``architecture`` or ``architecture.tag``."""

from __future__ import annotations

import ast
import fnmatch
import importlib
import pkgutil
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from taggram.errors import MissingExtraError, ModelError
from taggram.models import architectures
from taggram.models.directories import installed_models
from taggram.models.published import PUBLISHED

if TYPE_CHECKING:
    from taggram.models.network import Network  # needs torch

A = TypeVar("A", bound=type[Any])

_REGISTRY: dict[str, type[Network]] = {}


def register(architecture: A) -> A:
    """Register an architecture under its name (a class decorator).

    The files in ``architectures/`` are imported when they are needed; an architecture of your own is registered once
    its module is imported.

    Raises
    ------
    ModelError
        If another module has registered that name.
    """
    name = architecture.architecture()
    other = _REGISTRY.setdefault(name, architecture)
    if other.__module__ != architecture.__module__:
        raise ModelError(f"{architecture.__module__}: {other.__module__} has an architecture named {name}, too")
    _REGISTRY[name] = architecture
    return architecture


@cache
def load_architectures() -> dict[str, type[Network]]:
    """Import every file in ``architectures/`` and return all registered architectures by name.

    Raises
    ------
    MissingExtraError
        Without torch: architectures are torch modules.
    """
    try:
        for module in pkgutil.iter_modules(architectures.__path__):
            importlib.import_module(f"{architectures.__name__}.{module.name}")
    except ModuleNotFoundError as error:
        if error.name not in ("torch", "safetensors"):
            raise
        raise MissingExtraError("an architecture", "train") from None
    return _REGISTRY


def list_architectures() -> list[str]:
    """Return the names of all architectures, without loading torch.

    Examples
    --------
    >>> list_architectures()[:3]
    ['choi_cnn', 'crnn', 'fcn']
    """
    return sorted(papers())


def papers() -> dict[str, str]:
    """Return the paper of each architecture, by name, without loading torch."""
    return {**catalogue(), **{name: architecture.paper for name, architecture in _REGISTRY.items()}}


def list_models(pattern: str = "*") -> list[str]:
    """Return the names of all models with weights: installed ones, and published ones that can be imported.

    Parameters
    ----------
    pattern
        Shell-style, e.g. ``"*mtat*"``.

    Examples
    --------
    >>> list_models("*.mtat-pons2019")
    ['musicnn_pons.mtat-pons2019', 'vgg_pons.mtat-pons2019']
    """
    return sorted(fnmatch.filter({*PUBLISHED, *installed_models()}, pattern))


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
