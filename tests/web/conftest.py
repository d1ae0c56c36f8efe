"""A server for the tests of each file, with models of its own; each file is skipped without the web extra."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    import httpx
    from web_server import RunningServer


@pytest.fixture(scope="module")
def own_home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """An empty folder for models, which tests elsewhere do not fill."""
    home = tmp_path_factory.mktemp("home")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TAGGRAM_HOME", str(home))
        yield home


@pytest.fixture(scope="module")
def server(own_home: Path) -> Iterator[RunningServer]:
    """A server with the usual settings and one worker."""
    from web_server import serve

    from taggram.web import Settings

    with serve(Settings(workers=1)) as running:
        yield running


@pytest.fixture
def client(server: RunningServer) -> httpx.Client:
    return server.client


@pytest.fixture(scope="module")
def piano(server: RunningServer, pieces: Path) -> dict:
    """The track of an example piece."""
    with (pieces / "piano-prelude.opus").open("rb") as file:
        answer = server.client.post("/v1/tracks", files={"file": ("piano.opus", file)})
    assert answer.status_code == 201, answer.text
    return answer.json()
