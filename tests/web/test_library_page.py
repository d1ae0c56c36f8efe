"""The library on the page, used as a person uses it."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

pytest.importorskip("fastapi", reason="needs the web extra")
import httpx
from playwright.sync_api import Browser, Page, expect
from web_browser import AXE, PHONE, WIDE, check_page, serving

from taggram.library import Library

MARGIN = 0.94  # of the view is filled by the map


@pytest.fixture(scope="module")
def library(own_home: Path, pieces: Path) -> Path:
    """The library of the server, with the pieces."""
    folder = own_home / "music"
    folder.mkdir()
    for file in pieces.glob("*.opus"):
        shutil.copy(file, folder)
    file = own_home / "library.sqlite"
    with Library(file) as opened:
        opened.scan([folder])
    return file


def place_on_map(page: Page, url: str, name: str) -> tuple[float, float]:
    """Where a track is on the screen."""
    tracks = httpx.get(f"{url}/v1/library/search").json()["tracks"]
    number = next(track["id"] for track in tracks if name in track["name"])
    music = httpx.get(f"{url}/v1/library/map").json()
    i = music["ids"].index(number)
    box = page.get_by_role("application").bounding_box()
    assert box
    scale = min(box["width"], box["height"]) / 2 * MARGIN
    return (
        box["x"] + box["width"] / 2 + music["x"][i] * scale,
        box["y"] + box["height"] / 2 - music["y"][i] * scale,
    )


def test_a_library_is_made_while_the_page_is_open(open_page: Callable[..., Page], library: Path) -> None:
    aside = library.rename(library.with_suffix(".aside"))
    page = open_page()
    page.get_by_role("button", name="Library").click()
    expect(page.get_by_role("heading", name="No library yet")).to_be_visible()
    expect(page.get_by_text("taggram library scan FOLDER")).to_be_visible()
    aside.rename(library)
    page.get_by_role("button", name="Look again").click()
    expect(page.get_by_text("3 tracks")).to_be_visible()


def test_search_and_filter_by_tags(open_page: Callable[..., Page], library: Path) -> None:
    page = open_page("#library")
    tracks = page.get_by_label("Tracks", exact=True).locator("ol > li")
    expect(tracks).to_have_count(3)
    search, level = page.get_by_role("searchbox"), page.get_by_role("combobox", name="Each word")
    level.select_option("at any level")
    search.fill("calm piano fluge")
    expect(page.get_by_text("calm is read as relaxing, mellow, quiet")).to_be_visible()
    expect(tracks.first).to_contain_text("Prelude in C")
    page.get_by_role("button", name="flute", exact=True).first.click()
    expect(search).to_have_value("calm piano flute")
    # A click on a tag searches for it, too; another takes it out again.
    search.fill("")
    level.select_option("at least likely")
    expect(page.get_by_role("heading", name="3 tracks", exact=False)).to_be_visible()
    piano = page.get_by_role("definition").get_by_role("button", name=re.compile("^piano"))
    count = int(piano.inner_text().split()[-1])
    piano.click()
    expect(search).to_have_value("piano")
    expect(piano).to_have_attribute("aria-pressed", "true")
    expect(page.get_by_role("heading", name=f"{count} of 3 tracks")).to_be_visible()
    expect(page).to_have_url(re.compile("library&words=piano"))
    page.reload()
    expect(tracks).to_have_count(count)
    # Nothing is so likely: the nearest are one click away.
    search.fill("metal opera")
    page.get_by_role("button", name="Show the nearest at any level").click()
    expect(tracks).to_have_count(3)
    search.fill("xyzzy")
    expect(page.get_by_text("no tag is meant by xyzzy")).to_be_visible()
    piano.click()
    expect(search).to_have_value("xyzzy piano")
    expect(page.get_by_text("xyzzy is no tag.")).to_be_visible()


def test_the_map_plays_and_leads_to_similar_tracks(open_page: Callable[..., Page], library: Path, url: str) -> None:
    page = open_page("#library")
    expect(page.get_by_role("application")).to_be_visible()
    page.mouse.move(*place_on_map(page, url, "Canon"))
    expect(page.locator(".tip")).to_have_text(re.compile("Canon in D.*Pachelbel"))
    page.mouse.click(*place_on_map(page, url, "Canon"))
    player = page.get_by_role("region", name="Player")
    expect(player).to_contain_text("Canon in D")
    expect(player.get_by_text("0:01")).to_be_visible()
    player.get_by_role("button", name="Pause").click()
    # By the keyboard: the arrows reach another track, enter plays it.
    page.get_by_role("application").focus()
    for key in ("ArrowRight", "ArrowLeft", "ArrowUp", "ArrowDown"):
        page.keyboard.press(key)
    expect(page.locator("#map-name")).not_to_be_empty()
    named = page.locator("#map-name").inner_text().split(",")[0]
    page.keyboard.press("Enter")
    expect(player).to_contain_text(named)
    page.keyboard.press("+")
    expect(page.get_by_role("button", name="Zoom out")).to_be_enabled()
    # Similar tracks, then the tags over time of one.
    page.get_by_role("button", name="Similar to Prelude").click()
    expect(page.get_by_role("heading", name=re.compile("2 tracks that sound like Prelude"))).to_be_visible()
    expect(page.get_by_label("Tracks", exact=True).locator("ol > li").first).to_contain_text(re.compile(r"0\.\d\d"))
    page.get_by_role("button", name="Back to all tracks").click()
    page.get_by_role("button", name="Tags over time of Canon").click()
    expect(page.get_by_role("list", name="Tags").get_by_role("button").first).to_be_visible()
    expect(page.get_by_label("Music", exact=True).get_by_role("listitem")).to_contain_text("Canon")
    expect(page.locator("audio")).to_have_attribute("src", re.compile("v1/tracks/"))


def test_a_file_that_has_gone_is_one_line(open_page: Callable[..., Page], library: Path) -> None:
    file = library.parent / "music" / "synth-groove.opus"
    aside = file.rename(file.with_suffix(".aside"))
    page = open_page("#library")
    page.get_by_role("button", name="Play Synth groove").click()
    expect(page.get_by_role("list", name="Problems")).to_contain_text("synth-groove.opus is not there any more")
    aside.rename(file)


@pytest.mark.parametrize(("theme", "size"), [("light", WIDE), ("dark", PHONE)], ids=["light and wide", "dark phone"])
def test_accessible_and_fitting(
    open_page: Callable[..., Page], library: Path, theme: str, size: dict[str, int]
) -> None:
    if not AXE.exists():
        pytest.skip("axe-core is missing: make page")
    page = open_page(
        "#library&words=calm&least=", viewport=size, color_scheme=theme, bypass_csp=True, reduced_motion="reduce"
    )
    page.add_script_tag(path=AXE)
    expect(page.get_by_role("application")).to_be_visible()
    check_page(page)
    page.get_by_role("button", name="All tags").click()
    page.get_by_role("button", name="Play Prelude").click()
    expect(page.get_by_role("region", name="Player")).to_be_visible()
    check_page(page)
    page.get_by_role("button", name="Similar to Prelude").click()
    expect(page.get_by_text("that sound like")).to_be_visible()
    check_page(page)


def test_tags_are_shown_before_they_are_written(browser: Browser, library: Path, tmp_path: Path, pieces: Path) -> None:
    pytest.importorskip("mutagen")
    song = Path(shutil.copy(pieces / "piano-prelude.opus", tmp_path))
    before, file = song.read_bytes(), tmp_path / "own.sqlite"
    shutil.copy(library, file)  # which knows the music
    with Library(file) as opened:
        opened.scan([tmp_path])
        opened.forget([library.parent / "music"])
    with serving("--library", str(file), "--allow-write", "--token", "secret") as url:
        page = browser.new_page(bypass_csp=True, viewport=PHONE)
        page.goto(f"{url}/?token=secret#library")
        page.get_by_role("button", name="Write tags").click()
        dialog = page.get_by_role("dialog")
        write = dialog.get_by_role("button", name="Write 1 file")
        expect(write).to_be_enabled()
        change = dialog.get_by_role("list", name="Changes")
        expect(change).to_contain_text(re.compile(r"piano-prelude\.opus\s*Mood"))
        if AXE.exists():
            page.add_script_tag(path=AXE)
            check_page(page)
        assert song.read_bytes() == before
        mood = dialog.get_by_role("checkbox", name="Moods")
        mood.uncheck()
        dialog.get_by_role("checkbox", name="Genres").uncheck()
        expect(dialog.get_by_role("button", name=re.compile("^Write"))).to_be_disabled()
        mood.check()
        expect(write).to_be_enabled()
        write.click()
        expect(dialog.get_by_text("1 file written")).to_be_visible()
        assert song.read_bytes() != before
        dialog.get_by_role("button", name="Undo").click()
        expect(dialog.get_by_text("1 file restored")).to_be_visible()
        expect(dialog.get_by_role("button", name="Undo")).to_have_count(0)
        page.close()
