"""The page of ``taggram serve`` in Chromium: weight, first paint, time from drop to taggram, frames per second."""

from __future__ import annotations

import re
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, Page, sync_playwright

from benchmarks.measure import PROGRAM, PROJECT, BenchmarkError
from benchmarks.record import Row
from benchmarks.setting import Setting

MODELS = ()
BUNDLE = PROJECT / "src" / "taggram" / "web" / "page"
PARTS = (".html", ".js", ".css", ".svg")
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
WATCHED = 3  # seconds of playing
FIRST_PAINT = "performance.getEntriesByName('first-contentful-paint')[0].startTime"
FRAMES = """seconds => new Promise(done => {
    let frames = 0;
    const began = performance.now();
    const count = now => {
        frames++;
        if (now - began < 1000 * seconds) requestAnimationFrame(count);
        else done(1000 * frames / (now - began));
    };
    requestAnimationFrame(count);
})"""


def measure(setting: Setting) -> list[Row]:
    """Weight of the bundle, and what a person sees, with a fresh server and a fresh browser in each run."""
    song, length = setting.material.single_file(), setting.material.single
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    if not chromium:
        raise BenchmarkError("Chromium is missing. On Debian: apt-get install chromium")
    weight = sum(file.stat().st_size for file in BUNDLE.rglob("*") if file.suffix in PARTS) / 1000
    runs = []
    with sync_playwright() as playwright:
        for _ in range(setting.runs):
            browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
            with _serving() as url:
                runs.append(_use(browser, url, song))
            browser.close()
    paint, tagged, frames = map(list, zip(*runs, strict=True))
    return [
        Row("weight", "HTML, JavaScript, CSS and icon, uncompressed", "kB", [weight], "<= 250"),
        Row("first contentful paint", "empty page", "ms", paint),
        Row("from the drop to the taggram", f"mp3 of {length:g} s, page and worker in use", "s", tagged),
        Row("frames while playing", f"taggram of {length:g} s", "1/s", frames),
    ]


def _use(browser: Browser, url: str, song: str) -> tuple[float, float, float]:
    """Return first paint in ms, seconds from the drop to the taggram, and frames per second."""
    page = browser.new_page(viewport={"width": 1440, "height": 900})
    page.goto(url)
    page.get_by_text("Drop music here").wait_for()
    paint = page.evaluate(FIRST_PAINT)
    page.get_by_label("Music files").set_input_files(PROJECT / "examples" / "vibe-ace.opus")
    _wait_for_taggram(page)
    began = time.perf_counter()
    page.get_by_label("Music files").set_input_files(song)
    page.locator("[aria-current]", has_text="single").wait_for()  # shown, with its taggram as soon as it has one
    _wait_for_taggram(page)
    tagged = time.perf_counter() - began
    page.get_by_role("button", name="Play", exact=True).click()
    frames = page.evaluate(FRAMES, WATCHED)
    page.close()
    return paint, tagged, frames


def _wait_for_taggram(page: Page) -> None:
    page.get_by_role("list", name="Tags").wait_for()


@contextmanager
def _serving() -> Iterator[str]:
    command = [PROGRAM, "serve", "--port", "0"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        try:
            url = re.search(r"http://[\w.:]+", process.stderr.readline())
            if not url:
                raise BenchmarkError(f"the server did not start:\n{process.stderr.read()}")
            yield url[0]
        finally:
            process.terminate()
            process.communicate()
