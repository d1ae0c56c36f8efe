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
from taggram.models.published import PUBLISHED
from taggram.models.vocabulary import Vocabulary

if TYPE_CHECKING:
    from taggram.models.network import Network

_REGISTRY: dict[str, type[Network]] = {}


def register(architecture: type[Network]) -> type[Network]:
    """Register an architecture under the name of its file (a class decorator)."""
    _REGISTRY[architecture.__module__.rpartition(".")[2]] = architecture
    return architecture


@cache
def _architectures() -> dict[str, type[Network]]:
    """Import every file of the architectures' folder, which registers them."""
    try:
        for module in pkgutil.iter_modules(architectures.__path__):
            importlib.import_module(f"{architectures.__name__}.{module.name}")
    except ModuleNotFoundError as error:
        if error.name not in ("torch", "safetensors"):
            raise
        raise MissingExtraError("an architecture", "train") from None
    return _REGISTRY


def list_architectures() -> list[str]:
    """Return the names of all architectures.

    Raises
    ------
    MissingExtraError
        Without torch: architectures are torch modules.
    """
    return sorted(_architectures())


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
    if name in _architectures():
        if vocabulary is None:
            raise ModelError(f"a new {name} needs a vocabulary, e.g. create_model({name!r}, vocabulary='mtat')")
        return _architectures()[name](Vocabulary.of(vocabulary), **options)
    if vocabulary is not None or options:
        raise ModelError(f"{name} is not an architecture; a trained model brings its own vocabulary and options")
    from taggram.models.weights import load_weights

    folder = store.find(name)
    return load_weights(folder, _architectures())
