"""Data sets by name."""

from __future__ import annotations

import importlib
import pkgutil
from functools import cache

from taggram.datasets import sets
from taggram.datasets.dataset import Dataset
from taggram.errors import DatasetError

__all__ = ["dataset", "list_datasets", "register_dataset"]

_REGISTRY: dict[str, type[Dataset]] = {}


def register_dataset(kind: type[Dataset]) -> type[Dataset]:
    """Register a data set under its name (a class decorator).

    Those of the package are found by themselves; one of your own is there once its module is imported.

    Raises
    ------
    DatasetError
        If another module has registered that name.
    """
    other = _REGISTRY.setdefault(kind.name, kind)
    if other.__module__ != kind.__module__:
        raise DatasetError(f"{kind.__module__}: {other.__module__} has a data set named {kind.name}, too")
    _REGISTRY[kind.name] = kind
    return kind


@cache
def _import_all() -> None:
    for module in pkgutil.iter_modules(sets.__path__):
        importlib.import_module(f"{sets.__name__}.{module.name}")


def list_datasets() -> list[str]:
    """Return the names of all data sets."""
    _import_all()
    return sorted(_REGISTRY)


def dataset(name: str) -> Dataset:
    """Return a data set by name.

    Raises
    ------
    DatasetError
        If there is none of that name.
    """
    if name not in list_datasets():
        raise DatasetError(f"no data set is named {name!r}; there are: {', '.join(list_datasets())}")
    return _REGISTRY[name]()
