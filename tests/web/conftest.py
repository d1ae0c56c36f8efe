"""A server for the tests of each file, with models of its own; each file is skipped without the web extra."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    import httpx
    from playwright.sync_api import Browser, Page
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


@pytest.fixture(scope="module")
def url(own_home: Path) -> Iterator[str]:
    """Address of a server in a process of its own."""
    from web_browser import serving

    with serving() as url:
        yield url


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Chromium."""
    from playwright.sync_api import sync_playwright
    from web_browser import FLAGS

    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    if not chromium and sys.platform != "linux":
        pytest.skip("Chromium is not in the path")
    assert chromium, "Chromium is missing. On Debian: apt-get install chromium"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def open_page(browser: Browser, url: str) -> Iterator[Callable[..., Page]]:
    """A function that opens the page of an empty server; no page may report an error or ask another site."""
    import httpx
    from web_browser import PATIENCE, WIDE

    for track in httpx.get(f"{url}/v1/tracks").json():
        httpx.delete(f"{url}/v1/tracks/{track['id']}")
    problems: list[str] = []
    contexts = []

    def open_page(address: str = "", **options: object) -> Page:
        context = browser.new_context(**{"viewport": WIDE, **options})
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(PATIENCE)
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.on("console", lambda message: problems.append(message.text) if "Security Policy" in message.text else None)
        page.on("request", lambda call: None if call.url.startswith((url, "blob:")) else problems.append(call.url))
        page.goto(f"{url}/{address}")
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert problems == []
