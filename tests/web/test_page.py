"""The page, used as a person uses it: Chromium, with the real server."""

from __future__ import annotations

import re
import wave
from collections.abc import Callable
from pathlib import Path

import pytest

pytest.importorskip("fastapi", reason="needs the web extra")
import numpy as np
from playwright.sync_api import Browser, FilePayload, Page, expect
from web_browser import AXE, PHONE, WIDE, check_page, serving
from web_server import noise, wav

from taggram.audio import read


def upload(page: Page, *files: Path | FilePayload) -> None:
    page.get_by_label("Music files").set_input_files(list(files))
    expect(page.get_by_role("list", name="Tags").get_by_role("button").first).to_be_visible()


def excerpt(file: Path, seconds: int) -> FilePayload:
    """The beginning of a file, as wav."""
    samples = read(file, 16000, duration=seconds)
    return FilePayload(name="excerpt.wav", mimeType="audio/wav", buffer=wav(samples))


def position(page: Page) -> float:
    """Seconds of the position, as the clock of the player has it."""
    minutes, seconds = page.get_by_role("timer").inner_text().split("/")[0].split(":")
    return 60 * int(minutes) + float(seconds)


def playhead(page: Page) -> float:
    """Position of the playhead in the plot, 0 to 1."""
    plot, line = page.locator(".plot").bounding_box(), page.locator(".playhead").bounding_box()
    assert plot and line
    return (line["x"] + line["width"] / 2 - plot["x"]) / plot["width"]


def click_taggram(page: Page, fraction: float) -> None:
    """Click into the bands of the taggram."""
    bands, plot = page.locator(".bands").bounding_box(), page.locator(".plot").bounding_box()
    assert bands and plot
    page.mouse.click(bands["x"] + fraction * bands["width"], bands["y"] + 40)


def test_upload_and_tags_in_words_and_over_time(open_page: Callable[..., Page], pieces: Path) -> None:
    page = open_page()
    upload(page, pieces / "piano-prelude.opus")
    expect(page.get_by_role("heading", level=1)).to_contain_text(re.compile("piano", re.IGNORECASE))
    expect(page.get_by_role("definition").filter(has_text="piano")).to_contain_text(re.compile("sure|likely|maybe"))
    expect(page.get_by_role("img", name="Mel spectrogram")).to_be_visible()
    shown = page.get_by_role("list", name="Tags").get_by_role("button")
    few = shown.count()
    page.get_by_role("button", name="All 94 tags").click()
    expect(shown).to_have_count(94)
    assert 0 < few < 94
    # The bands are drawn: in the colours of more than one score.
    colours = page.locator(".bands canvas").evaluate(
        """canvas => new Set(new Uint32Array(canvas.getContext("2d")
        .getImageData(0, 0, canvas.width, canvas.height).data.buffer)).size"""
    )
    assert colours > 50


def test_several_files_and_an_example(open_page: Callable[..., Page], pieces: Path) -> None:
    page = open_page()
    upload(page, pieces / "piano-prelude.opus", pieces / "synth-groove.opus")
    tracks = page.get_by_label("Music", exact=True).get_by_role("listitem")
    expect(tracks).to_have_count(2)
    page.get_by_label("Examples").select_option(index=1)
    expect(tracks).to_have_count(3)
    expect(page.locator("[aria-current=true]")).to_have_count(1)
    page.get_by_role("button", name=re.compile("^Remove")).last.click()
    expect(tracks).to_have_count(2)


def test_plays_and_the_playhead_moves(open_page: Callable[..., Page], pieces: Path) -> None:
    page = open_page()
    upload(page, pieces / "synth-groove.opus")
    page.get_by_role("button", name="Play", exact=True).click()
    page.wait_for_timeout(1200)
    assert 0.5 < position(page) < 10
    first = playhead(page)
    page.wait_for_timeout(600)
    assert playhead(page) > first
    page.get_by_role("button", name="Pause").click()
    audio = page.locator("audio").evaluate("audio => [audio.paused, audio.currentTime]")
    assert audio[0] is True
    assert abs(audio[1] - position(page)) < 0.11
    assert abs(playhead(page) - position(page) / 30) < 0.01


def test_a_click_on_the_taggram_seeks_and_changes_the_moment(open_page: Callable[..., Page], pieces: Path) -> None:
    page = open_page()
    upload(page, pieces / "strings-and-harpsichord.opus")
    page.get_by_role("button", name="This moment").click()
    heading = page.get_by_role("heading", level=1)
    scores = page.locator("dd button").evaluate_all("chips => chips.map(chip => chip.title)")
    click_taggram(page, 0.5)
    expect(heading).to_have_text("At 0:15")
    assert abs(position(page) - 15) < 0.2
    assert abs(playhead(page) - 0.5) < 0.01
    assert scores != page.locator("dd button").evaluate_all("chips => chips.map(chip => chip.title)")
    # Dragging seeks, too, and pointing names tag, time and score.
    box = page.locator(".bands").bounding_box()
    assert box
    page.mouse.move(box["x"] + 0.5 * box["width"], box["y"] + 40)
    page.mouse.down()
    page.mouse.move(box["x"] + 0.8 * box["width"], box["y"] + 40, steps=4)
    page.mouse.up()
    expect(heading).to_have_text(re.compile("At 0:2[34]"))
    expect(page.locator(".readout")).to_have_text(re.compile(r"\w+\s+0:2\d\.\d · 0\.\d\d"))


def test_loop_zoom_and_the_address(open_page: Callable[..., Page], pieces: Path, url: str) -> None:
    page = open_page()
    upload(page, pieces / "piano-prelude.opus")
    click_taggram(page, 0.9)
    page.get_by_role("button", name="Loop").click()
    end = page.get_by_role("slider", name="End of the loop")
    start = float(page.get_by_role("slider", name="Start of the loop").get_attribute("aria-valuenow") or "nan")
    end.focus()
    for _ in range(6):
        page.keyboard.press("Shift+ArrowLeft")
    assert float(end.get_attribute("aria-valuenow") or "nan") - start < 2
    page.get_by_role("button", name="Play", exact=True).click()
    page.wait_for_timeout(2500)
    assert start - 0.1 <= position(page) <= start + 2.1
    page.get_by_role("button", name="Pause").click()
    page.get_by_role("button", name="Zoom in").click()
    expect(page.get_by_label("Part of the track in view")).to_be_visible()
    page.get_by_role("button", name="This moment").click()
    time = position(page)
    expect(page).to_have_url(re.compile("track=.*loop=.*moment"))
    page.reload()
    expect(page.get_by_role("heading", level=1)).to_have_text(re.compile("^At "))
    expect(end).to_be_attached()
    assert abs(position(page) - time) < 0.2


def test_models_side_by_side(open_page: Callable[..., Page], pieces: Path, published: Callable[[str], Path]) -> None:
    published("musicnn_pons.mtat-pons2019")
    page = open_page()
    upload(page, excerpt(pieces / "piano-prelude.opus", 6))
    page.get_by_role("tab", name="Models").click()
    table = page.get_by_role("table")
    expect(table.get_by_role("columnheader")).to_have_count(4)
    expect(table.get_by_text("They disagree")).to_be_visible()
    expect(table.get_by_role("row", name=re.compile("^piano"))).to_be_visible()
    page.get_by_role("button", name="Each in its own").click()
    expect(table.get_by_role("columnheader")).to_have_count(2)
    page.get_by_role("button", name=re.compile("Card of .*musicnn")).click()
    expect(page.get_by_role("dialog")).to_contain_text("MagnaTagATune")
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    heading = page.get_by_role("heading", level=1).inner_text()
    page.get_by_role("combobox", name="Model").select_option("musicnn_pons.mtat-pons2019")
    page.get_by_role("tab", name="Over time").click()
    expect(page.get_by_role("button", name="All 50 tags")).to_be_visible()
    assert heading != page.get_by_role("heading", level=1).inner_text()


def test_deformed_music_is_heard_and_its_tags_are_compared(open_page: Callable[..., Page], pieces: Path) -> None:
    page = open_page()
    upload(page, pieces / "synth-groove.opus")
    page.get_by_role("tab", name="Stress").click()
    audio = page.locator("audio")

    def content() -> str:
        """Digest of the sound that the element plays."""
        return audio.evaluate(
            """async audio => {
            const data = await (await fetch(audio.src)).arrayBuffer();
            return String(new Uint8Array(await crypto.subtle.digest("SHA-256", data)));
        }"""
        )

    original = content()
    page.get_by_role("checkbox", name="Low pass").check()
    page.get_by_role("slider", name=re.compile("Low pass")).fill("40")
    page.get_by_role("button", name="Deform and tag").click()
    expect(page.get_by_text("mean distance")).to_be_visible()
    assert content() != original
    assert audio.evaluate(
        "audio => new Promise(done => { if (audio.readyState) done(true); audio.onloadeddata = () => done(true) })"
    )
    expect(page.get_by_text(re.compile(r"Lost: .*"))).to_be_visible()
    page.get_by_role("button", name="Original").click()
    expect(audio).to_have_attribute("src", re.compile("audio"))
    assert content() == original


def test_recording(open_page: Callable[..., Page]) -> None:
    page = open_page()
    page.get_by_role("button", name="Record").click()
    expect(page.get_by_role("button", name=re.compile("Stop 0:02"))).to_be_visible()
    page.get_by_role("button", name=re.compile("Stop")).click()
    expect(page.get_by_label("Music", exact=True).get_by_role("listitem")).to_contain_text("Recording")
    expect(page.get_by_role("heading", level=1)).to_be_visible()


def test_a_text_file_gives_one_line(open_page: Callable[..., Page]) -> None:
    page = open_page()
    page.get_by_label("Music files").set_input_files(
        FilePayload(name="notes.txt", mimeType="text/plain", buffer=b"These are words, not music.\n" * 50)
    )
    problem = page.get_by_role("list", name="Problems").get_by_role("listitem")
    expect(problem).to_have_count(1)
    expect(problem).to_contain_text("notes.txt")
    assert "\n" not in problem.inner_text().strip()
    page.get_by_role("button", name="Dismiss").click()
    expect(problem).to_have_count(0)


def test_similar_music_and_downloads(open_page: Callable[..., Page], pieces: Path, tmp_path: Path) -> None:
    page = open_page()
    upload(page, pieces / "piano-prelude.opus", pieces / "synth-groove.opus")
    for kind, start in (("JSON", b"{"), ("CSV", b"start,end,"), ("PNG", b"\x89PNG")):
        with page.expect_download() as download:
            page.get_by_role("button", name=kind).click()
        file = tmp_path / download.value.suggested_filename
        download.value.save_as(file)
        assert file.suffix == f".{kind.lower()}"
        assert file.read_bytes().startswith(start)
    page.get_by_role("tab", name="Similar").click()
    expect(page.get_by_label("Similar music").get_by_role("listitem")).to_have_count(1)


def test_keyboard_only(open_page: Callable[..., Page]) -> None:
    page = open_page()

    def tab_to(name: str) -> None:
        for _ in range(40):
            page.keyboard.press("Tab")
            if name in page.evaluate("(document.activeElement.ariaLabel ?? '') + document.activeElement.textContent"):
                return
        raise AssertionError(f"the tab key does not reach {name!r}")

    expect(page.get_by_text("Or listen to an example")).to_be_visible()
    tab_to("Hungarian")
    page.keyboard.press("Enter")
    expect(page.get_by_role("list", name="Tags")).to_be_visible()
    tab_to("Position")
    page.keyboard.press("Shift+ArrowRight")
    page.keyboard.press("ArrowLeft")
    assert position(page) == 9
    page.keyboard.press("Space")
    expect(page.get_by_role("button", name="Pause")).to_be_visible()
    page.keyboard.press("Space")
    expect(page.get_by_role("button", name="Play", exact=True)).to_be_visible()
    page.keyboard.press("+")
    expect(page.get_by_role("button", name="Zoom out")).to_be_enabled()
    # The list of tags: one stop of the tab key, arrows inside, the focus names tag and score.
    page.keyboard.press("Tab")
    while page.evaluate("!document.activeElement.closest('.names')"):
        page.keyboard.press("Shift+Tab")
    first = page.locator(".readout").inner_text()
    page.keyboard.press("ArrowDown")
    assert page.locator(".readout").inner_text() != first


@pytest.mark.parametrize(("theme", "size"), [("light", WIDE), ("dark", PHONE)], ids=["light and wide", "dark phone"])
def test_accessible_and_fitting(open_page: Callable[..., Page], pieces: Path, theme: str, size: dict[str, int]) -> None:
    if not AXE.exists():
        pytest.skip("axe-core is missing: make page")
    page = open_page("#models=default", viewport=size, color_scheme=theme, bypass_csp=True, reduced_motion="reduce")

    page.add_script_tag(path=AXE)
    expect(page.get_by_text("Or listen to an example")).to_be_visible()
    check_page(page)
    upload(page, pieces / "piano-prelude.opus")
    check_page(page)
    dark = page.evaluate("getComputedStyle(document.documentElement).backgroundColor")
    assert (sum(map(int, re.findall(r"\d+", dark))) < 200) == (theme == "dark")
    page.get_by_role("button", name="Loop").click()
    page.get_by_role("button", name="This moment").click()
    for view in ("Models", "Stress", "Similar"):
        page.get_by_role("tab", name=view).click()
        expect(page.locator(".working")).to_have_count(0)
        check_page(page)
    page.get_by_role("button", name="About the model").click()
    expect(page.get_by_role("dialog")).to_contain_text("Trained on")
    check_page(page)


@pytest.mark.slow
def test_a_file_of_three_hours(open_page: Callable[..., Page], pieces: Path, tmp_path: Path) -> None:
    file = tmp_path / "long.wav"
    samples = read(pieces / "synth-groove.opus", 8000)
    with wave.open(str(file), "wb") as writer:
        writer.setparams((1, 2, 8000, 0, "NONE", ""))
        for _ in range(3 * 3600 // 30):
            writer.writeframes(np.round(samples * 32767).clip(-32768, 32767).astype("<i2").tobytes())
    page = open_page()
    page.set_default_timeout(300_000)
    page.get_by_label("Music files").set_input_files(file)
    page.get_by_role("list", name="Tags").wait_for()
    expect(page.get_by_role("timer")).to_contain_text("/ 3:00:00")
    click_taggram(page, 0.75)
    page.get_by_role("button", name="Play", exact=True).click()
    page.wait_for_timeout(2000)
    assert 0.745 < playhead(page) < 0.755
    assert page.locator("audio").evaluate("audio => audio.currentTime") > 0.745 * 3 * 3600
    for _ in range(8):
        page.get_by_role("button", name="Zoom in").click()
    assert 0 <= playhead(page) <= 1


@pytest.mark.slow
def test_forty_files_at_once(open_page: Callable[..., Page]) -> None:
    page = open_page()
    files = [FilePayload(name=f"{i}.wav", mimeType="audio/wav", buffer=noise(5, seed=i)) for i in range(40)]
    page.get_by_label("Music files").set_input_files(files)
    tracks = page.get_by_label("Music", exact=True).get_by_role("listitem")
    expect(tracks.filter(has_text="0:05")).to_have_count(40, timeout=300_000)  # each is tagged
    expect(page.get_by_role("list", name="Problems").get_by_role("listitem")).to_have_count(0)


@pytest.mark.slow
def test_a_server_restarted_in_between(browser: Browser, pieces: Path) -> None:
    with serving() as url:
        page = browser.new_page()
        page.goto(url)
        upload(page, pieces / "piano-prelude.opus")
        expect(page).to_have_url(re.compile("track="))
    page.get_by_role("tab", name="Similar").click()
    expect(page.get_by_role("alert")).to_contain_text("does not answer")
    with serving(port=int(url.rsplit(":", 1)[1])):
        page.reload()
        expect(page.get_by_role("list", name="Problems")).to_contain_text("no longer on the server")
        page.get_by_label("Music files").set_input_files(pieces / "piano-prelude.opus")
        expect(page.get_by_role("heading", level=1)).to_contain_text("slow")
    page.close()


def test_a_lost_track_and_a_lost_server_are_said_in_one_line(open_page: Callable[..., Page]) -> None:
    page = open_page("#track=0123456789abcdef")
    expect(page.get_by_role("list", name="Problems")).to_contain_text("no longer on the server")
    page.route("**/v1/examples/*", lambda route: route.abort())
    page.get_by_role("button", name="Hungarian").click()
    expect(page.get_by_role("list", name="Problems")).to_contain_text("does not answer")
