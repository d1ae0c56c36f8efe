"""The public surface: type hints that resolve at run time, and an example of each name of the package."""

from __future__ import annotations

import doctest
import importlib
import inspect
import pkgutil
import typing
from collections.abc import Iterator
from importlib.util import find_spec
from types import ModuleType

import pytest

import taggram

ROOMS = [module.name for module in pkgutil.iter_modules(taggram.__path__) if not module.name.startswith("_")]
MODULES = ["taggram", *(f"taggram.{room}" for room in ROOMS if room != "cli")]
HAS_TORCH = find_spec("torch") is not None


def public_objects(module: ModuleType) -> Iterator[tuple[str, object]]:
    """Yield the functions and classes in ``__all__``, and the public methods of the classes."""
    for name in getattr(module, "__all__", ()):
        try:
            value = getattr(module, name)
        except (ModuleNotFoundError, taggram.TaggramError):
            assert not HAS_TORCH
            continue
        if not inspect.isclass(value) and not inspect.isfunction(value):
            continue
        yield name, value
        for attribute, member in vars(value).items() if inspect.isclass(value) else ():
            function = member.fget if isinstance(member, property) else getattr(member, "__func__", member)
            is_public = not attribute.startswith("_") or attribute in ("__init__", "__call__")
            if is_public and inspect.isfunction(function):
                yield f"{name}.{attribute}", function


@pytest.mark.parametrize("name", MODULES)
def test_type_hints_resolve(name: str) -> None:
    if not HAS_TORCH and name in ("taggram", "taggram.training"):
        pytest.skip("needs the train extra, whose classes its hints name")
    try:
        module = importlib.import_module(name)
    except ModuleNotFoundError:
        assert not HAS_TORCH
        pytest.skip("needs an extra")
    failed = {}
    for qualified, value in public_objects(module):
        try:
            typing.get_type_hints(value)
        except (NameError, TypeError, AttributeError) as error:
            failed[qualified] = str(error)
    assert not failed


@pytest.mark.skipif(not HAS_TORCH, reason="some names need the train extra")
def test_each_name_of_the_package_has_an_example() -> None:
    finder = doctest.DocTestFinder()
    without = [
        name
        for name in taggram.__all__
        if name != "__version__" and not any(test.examples for test in finder.find(getattr(taggram, name), name))
    ]
    assert not without
