"""A tagger with the default model."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from taggram.tagging import DEFAULT_MODEL, Tagger


@pytest.fixture(scope="session")
def tagger(published: Callable[[str], Path]) -> Tagger:
    published(DEFAULT_MODEL)
    return Tagger()
