"""A tagger with a published model, whose answers on the example pieces are known."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from taggram.tagging import Tagger

MODEL = "musicnn_pons.mtat-pons2019"


@pytest.fixture(scope="session")
def tagger(published: Callable[[str], Path]) -> Tagger:
    published(MODEL)
    return Tagger(MODEL)
