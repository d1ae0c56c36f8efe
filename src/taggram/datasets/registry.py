"""The registry of data sets by name."""

from __future__ import annotations

import importlib
import pkgutil
from functools import cache
from pathlib import Path

from taggram.datasets.base import Dataset
from taggram.errors import DatasetError

__all__ = ["dataset", "list_datasets", "register_dataset"]

_REGISTRY: dict[str, type[Dataset]] = {}


def register_dataset(cls: type[Dataset]) -> type[Dataset]:
    """Register a data set under its name (a class decorator).

    Data sets in `taggram.datasets.published` are found automatically; one of your own is available once its module is
    imported.

    Raises
    ------
    DatasetError
        If another module has registered that name.
    """
    other = _REGISTRY.setdefault(cls.name, cls)
    if other.__module__ != cls.__module__:
        raise DatasetError(f"{cls.__module__}: {other.__module__} already registers a data set named {cls.name}")
    _REGISTRY[cls.name] = cls
    return cls


@cache
def _import_all() -> None:
    for module in pkgutil.iter_modules([str(Path(__file__).with_name("published"))]):
        importlib.import_module(f"{__package__}.published.{module.name}")


def list_datasets() -> list[str]:
    """Return the names of all data sets, sorted.

    Examples
    --------
    >>> list_datasets()[:3]
    ['emotify', 'fma', 'gtzan']
    """
    _import_all()
    return sorted(_REGISTRY)


def dataset(name: str) -> Dataset:
    """Return a data set by name.

    Raises
    ------
    DatasetError
        If no data set has that name.

    Examples
    --------
    >>> gtzan = dataset("gtzan")
    >>> [protocol.name for protocol in gtzan.protocols]
    ['filtered', 'stratified']
    """
    if name not in list_datasets():
        raise DatasetError(f"no data set is named {name!r}; available are: {', '.join(list_datasets())}")
    return _REGISTRY[name]()
