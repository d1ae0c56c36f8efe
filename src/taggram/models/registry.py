"""Architectures and models by name, in timm's manner: ``architecture`` or ``architecture.tag``."""

from __future__ import annotations

import fnmatch
import importlib
import pkgutil
from collections.abc import Iterable
from functools import cache
from typing import TYPE_CHECKING, Any

from taggram.errors import MissingExtraError, ModelError
from taggram.models import architectures, store
from taggram.models.catalogue import catalogue
from taggram.models.published import PUBLISHED
from taggram.vocabularies import Vocabulary

if TYPE_CHECKING:
    from taggram.models.network import Network

_REGISTRY: dict[str, type[Network]] = {}


def register(architecture: type[Network]) -> type[Network]:
    """Register an architecture under its name (a class decorator).

    Those of the package are found by themselves; one of your own is there once its module is imported.

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
def known_architectures() -> dict[str, type[Network]]:
    """Return the architectures by name, after importing every file of their folder, which registers them.

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
    """Return the names of all architectures. Building one needs torch; knowing its name does not."""
    return sorted(papers())


def papers() -> dict[str, str]:
    """Return where each architecture was published, by name."""
    return {**catalogue(), **{name: architecture.paper for name, architecture in _REGISTRY.items()}}


def list_models(pattern: str = "*") -> list[str]:
    """Return the names of all models with weights: those that are published and those that are here.

    Parameters
    ----------
    pattern
        Shell-style, e.g. ``"*mtat*"``.
    """
    return sorted(fnmatch.filter({*PUBLISHED, *store.installed()}, pattern))


def create_model(name: str, vocabulary: Vocabulary | str | Iterable[str] | None = None, **options: Any) -> Network:
    """Build a network: with fresh weights for ``architecture``, with trained ones for ``architecture.tag``.

    Parameters
    ----------
    name
        One of `list_architectures` or `list_models`, or a model's folder.
    vocabulary
        The tags of a new network: a `Vocabulary`, the name of a published one, or tags in output order. A trained
        model brings its own.
    **options
        What the architecture offers beside that.

    Returns
    -------
    Network
        A torch module in evaluation mode for trained weights, in training mode for fresh ones.

    Raises
    ------
    ModelError
        If no such model exists, its weights are not here, or the vocabulary is missing or superfluous.
    """
    if name in known_architectures():
        if vocabulary is None:
            raise ModelError(f"a new {name} needs a vocabulary, e.g. create_model({name!r}, vocabulary='mtat')")
        return known_architectures()[name](Vocabulary.of(vocabulary), **options)
    if vocabulary is not None or options:
        raise ModelError(f"{name} is not an architecture; a trained model brings its own vocabulary and options")
    from taggram.models.weights import load_weights

    folder = store.find(name)
    return load_weights(folder, known_architectures())
