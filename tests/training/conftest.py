"""Registers the small architecture of these tests."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from taggram.models import registry

sys.path.insert(0, str(Path(__file__).parent))


@pytest.fixture(autouse=True)
def tiny(monkeypatch: pytest.MonkeyPatch) -> None:
    from tones import Tiny  # here, because without torch this file is read, too

    monkeypatch.setitem(registry._REGISTRY, "tiny", Tiny)
