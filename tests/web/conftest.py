"""A server that the tests of this folder share; each file is skipped without the web extra."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    import httpx
    from web_server import RunningServer


@pytest.fixture(scope="session")
def server(taggram_home: Path) -> Iterator[RunningServer]:
    """A server with the usual settings and one worker."""
    from web_server import serve

    from taggram.web import Settings

    with serve(Settings(workers=1)) as running:
        yield running


@pytest.fixture
def client(server: RunningServer) -> httpx.Client:
    return server.client


@pytest.fixture(scope="session")
def pieces() -> Path:
    """Three synthetic pieces of 30 seconds."""
    folder = Path(__file__).parents[1] / "pieces"
    return folder if folder.is_dir() else Path(__file__).parents[2] / "examples"


@pytest.fixture(scope="session")
def piano(server: RunningServer, pieces: Path) -> dict:
    """The track of an example piece."""
    with (pieces / "piano-prelude.opus").open("rb") as file:
        answer = server.client.post("/v1/tracks", files={"file": ("piano.opus", file)})
    assert answer.status_code == 201, answer.text
    return answer.json()
