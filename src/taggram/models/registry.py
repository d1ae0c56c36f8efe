"""Architectures and models by name, in timm's manner: ``architecture`` or ``architecture.tag``."""

from __future__ import annotations

import fnmatch
import importlib
import pkgutil
from collections.abc import Iterable
from functools import cache
from typing import TYPE_CHECKING, Any

from taggram.errors import MissingExtraError, ModelError
from taggram.models import architectures
from taggram.models.catalogue import catalogue
from taggram.models.directories import find_model, installed_models
from taggram.models.published import PUBLISHED
from taggram.vocabularies import Vocabulary

if TYPE_CHECKING:
    from taggram.models.network import Network  # needs torch

_REGISTRY: dict[str, type[Network]] = {}


def register(architecture: type[Network]) -> type[Network]:
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
    """Return the names of all architectures, without loading torch."""
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
    """
    return sorted(fnmatch.filter({*PUBLISHED, *installed_models()}, pattern))


def create_model(name: str, vocabulary: Vocabulary | str | Iterable[str] | None = None, **options: Any) -> Network:
    """Build a network: with random weights for ``architecture``, with trained ones for ``architecture.tag``.

    Parameters
    ----------
    name
        One of `list_architectures` or `list_models`, or a model's folder.
    vocabulary
        The tags of a new network: a `Vocabulary`, the name of a published one, or tags in output order. A trained
        model has its own.
    **options
        Further arguments of the architecture.

    Returns
    -------
    Network
        A torch module in evaluation mode for trained weights, in training mode for random ones.

    Raises
    ------
    ModelError
        If no such model exists, it is not installed, or the vocabulary is missing or superfluous.
    """
    if name in load_architectures():
        if vocabulary is None:
            raise ModelError(f"a new {name} needs a vocabulary, e.g. create_model({name!r}, vocabulary='mtat')")
        return load_architectures()[name](Vocabulary.from_names(vocabulary), **options)
    if vocabulary is not None or options:
        raise ModelError(f"{name} is not an architecture; a trained model has its own vocabulary and options")
    from taggram.models.weights import load_weights

    return load_weights(find_model(name), load_architectures())
