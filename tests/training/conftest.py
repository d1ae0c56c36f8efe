"""Registers the small architecture of these tests."""

from __future__ import annotations

import pytest

from taggram.models import registry


@pytest.fixture(autouse=True)
def tiny(monkeypatch: pytest.MonkeyPatch) -> None:
    from tones import Tiny  # here, because without torch this file is read, too

    monkeypatch.setitem(registry._REGISTRY, "tiny", Tiny)
