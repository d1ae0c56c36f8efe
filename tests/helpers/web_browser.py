"""Chromium, and the server as a process of its own, for the tests of the page."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
from playwright.sync_api import Page, expect
from web_server import wait_until

AXE = Path("web/node_modules/axe-core/axe.min.js")
PATIENCE = 20_000  # milliseconds
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--autoplay-policy=no-user-gesture-required",
    "--use-fake-device-for-media-stream",
    "--use-fake-ui-for-media-stream",
]
PHONE = {"width": 390, "height": 844}
WIDE = {"width": 1440, "height": 900}

expect.set_options(timeout=PATIENCE)


@contextmanager
def serving(*options: str, port: int = 0) -> Iterator[str]:
    """Run the server, and yield its address."""
    command = [sys.executable, "-m", "taggram", "serve", "--port", str(port), "--workers", "1", *options]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        try:
            url = re.search(r"http://[\w.:]+", process.stderr.readline())
            assert url, process.stderr.read()
            wait_until(lambda: answers(url[0]))
            yield url[0]
        finally:
            process.terminate()
            process.communicate()


def answers(url: str) -> bool:
    try:
        return httpx.get(f"{url}/v1/health").is_success
    except httpx.ConnectError:
        return False


def check_page(page: Page) -> None:
    """Assert that axe finds nothing, and that nothing is wider than the screen; axe must be loaded."""
    page.wait_for_timeout(100)
    report = page.evaluate("() => axe.run({resultTypes: ['violations']})")
    violations = [(v["id"], v["nodes"][0]["html"]) for v in report["violations"]]
    assert not violations, violations
    assert page.viewport_size is not None
    width = page.evaluate("document.documentElement.scrollWidth")
    assert width <= page.viewport_size["width"], width
