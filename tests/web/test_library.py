"""The library on the server: search, audio, map, and tags written into files."""

from __future__ import annotations

import asyncio
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

pytest.importorskip("fastapi")
import numpy as np
import soundfile
from command_line import run
from web_server import RunningServer, serve

from taggram.errors import TaggramError
from taggram.library import Library
from taggram.web import Settings
from taggram.web.errors import RequestError
from taggram.web.library import LibraryAccess
from taggram.web.run import default_library

TOKEN = "correct horse"  # noqa: S105
BEARER = {"Authorization": f"Bearer {TOKEN}"}


@pytest.fixture(scope="module")
def music(tmp_path_factory: pytest.TempPathFactory, own_home: Path, pieces: Path) -> Path:
    """A folder with the pieces, one of them twice, and a file that browsers do not play; and its library."""
    folder = tmp_path_factory.mktemp("music") / "hidden place"
    folder.mkdir()
    for file in pieces.glob("*.opus"):
        shutil.copy(file, folder)
    shutil.copy(folder / "synth-groove.opus", folder / "again.opus")
    samples = 0.1 * np.random.default_rng(0).standard_normal(48_000)
    soundfile.write(folder / "noise.aiff", samples, 16_000)
    with Library(folder / "library.sqlite") as library:
        assert library.scan([folder]).new == 5
    return folder


@pytest.fixture(scope="module")
def shown(music: Path) -> Iterator[RunningServer]:
    with serve(Settings(workers=1, library=music / "library.sqlite")) as running:
        yield running


@pytest.fixture(scope="module")
def writable(music: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[RunningServer, Path]]:
    """A server that writes into the files of a library with the pieces, and their folder."""
    folder = tmp_path_factory.mktemp("writable")
    for file in music.glob("*-*.opus"):
        shutil.copy(file, folder)
    file = folder / "library.sqlite"
    shutil.copy(music / "library.sqlite", file)  # which knows what they contain
    with Library(file) as library:
        assert library.scan([folder]).moved == 3
        library.forget([music])
    with serve(Settings(workers=1, library=file, token=TOKEN, allow_write=True)) as running:
        yield running, folder


def track_of(server: RunningServer, name: str) -> dict:
    tracks = server.client.get("/v1/library/search").json()["tracks"]
    return next(track for track in tracks if name in track["name"])


def test_status_counts_tracks_by_tag_and_level(shown: RunningServer) -> None:
    info = shown.client.get("/v1/library").json()
    assert (info["exists"], info["tracks"], info["allow_write"], info["runs"]) == (True, 5, False, [])
    assert info["levels"] is True
    piano = next(tag for tag in info["tags"] if tag["tag"] == "piano")
    assert piano["category"] == "instrument"
    assert 1 <= piano["tracks"]["likely"] <= piano["tracks"]["maybe"] <= 5


def test_search_is_that_of_the_library(shown: RunningServer, music: Path) -> None:
    answer = shown.client.get("/v1/library/search", params={"q": "calm piano fluge -vocals", "ids": True}).json()
    with Library(music / "library.sqlite") as library:
        result = library.search("calm piano fluge -vocals")
    assert [track["id"] for track in answer["tracks"]] == answer["ids"] == [hit.track.id for hit in result.hits]
    assert answer["total"] == 5
    best, hit = answer["tracks"][0], result.hits[0]
    assert best["artist"] == hit.track.artist == "J. S. Bach"
    assert best["words"] == {word: pytest.approx(p, abs=1e-4) for word, p in hit.probabilities.items()}
    assert best["tags"][0]["probability"] >= best["tags"][-1]["probability"] >= 0.4
    assert answer["terms"][0] == {"word": "calm", "tags": ["relaxing", "mellow", "quiet"], "negative": False}
    assert answer["terms"][-1] == {"word": "vocals", "tags": ["vocals"], "negative": True}
    assert "flute" in answer["unknown"]["fluge"]
    page = shown.client.get("/v1/library/search", params={"q": "calm piano -vocals", "offset": 3, "limit": 1}).json()
    assert [track["id"] for track in page["tracks"]] == answer["ids"][3:4]
    assert page["ids"] is None
    likely = shown.client.get("/v1/library/search", params={"q": "piano", "min": "likely"}).json()
    assert 1 <= likely["total"] < 5
    everything = shown.client.get("/v1/library/search").json()
    assert everything["total"] == len(everything["tracks"]) == 5


@pytest.mark.parametrize(("q", "line"), [("xyzzy", "no tag is meant by xyzzy"), ("year:x", "year:x is no year")])
def test_a_search_without_sense_is_a_line(shown: RunningServer, q: str, line: str) -> None:
    answer = shown.client.get("/v1/library/search", params={"q": q})
    assert answer.status_code == 422
    assert answer.json()["error"].startswith(line)


def test_similar_tracks_are_those_of_the_library(shown: RunningServer, music: Path) -> None:
    piano = track_of(shown, "Prelude")
    answer = shown.client.get(f"/v1/library/tracks/{piano['id']}/similar", params={"n": 5}).json()
    with Library(music / "library.sqlite") as library:
        found = library.similar(piano["id"], n=5)
    assert [(track["id"], track["copies"]) for track in answer] == [(one.track.id, len(one.copies)) for one in found]
    assert [track["similarity"] for track in answer] == pytest.approx([one.similarity for one in found], abs=1e-4)
    assert sorted(track["copies"] for track in answer) == [0, 0, 1]
    assert shown.client.get(f"/v1/library/tracks/{piano['id']}").json()["name"] == piano["name"]


def test_audio_with_ranges_and_what_browsers_do_not_play(shown: RunningServer, music: Path) -> None:
    url = f"/v1/library/tracks/{track_of(shown, 'Prelude')['id']}/audio"
    content = (music / "piano-prelude.opus").read_bytes()
    whole = shown.client.get(url)
    assert (whole.status_code, whole.headers["content-type"]) == (200, "audio/ogg")
    assert whole.content == content
    part = shown.client.get(url, headers={"Range": "bytes=100-199"})
    assert (part.status_code, part.content) == (206, content[100:200])
    other = shown.client.get(f"/v1/library/tracks/{track_of(shown, 'noise')['id']}/audio")
    assert other.status_code == 415
    assert other.json() == {"error": "browsers do not play noise.aiff: open the track, which converts it"}


def test_a_track_is_opened_for_its_tags_over_time(shown: RunningServer, music: Path) -> None:
    answer = shown.client.post(f"/v1/library/tracks/{track_of(shown, 'noise')['id']}/open")
    assert answer.status_code == 201
    track = answer.json()
    assert (track["name"], track["seconds"]) == ("noise.aiff", 3.0)
    assert len(shown.client.get(f"/v1/tracks/{track['id']}/tags").json()["times"]) >= 1
    assert shown.client.get(f"/v1/tracks/{track['id']}/audio").headers["content-type"] == "audio/wav"
    assert (music / "noise.aiff").exists()


def test_the_map_keeps_copies_together_and_is_computed_once(shown: RunningServer, music: Path) -> None:
    answer = shown.client.get("/v1/library/map").json()
    assert len(answer["ids"]) == len(answer["x"]) == len(answer["y"]) == len(answer["genre"]) == 5
    assert max(map(abs, answer["x"] + answer["y"])) == pytest.approx(1, abs=1e-3)
    assert all(-1 <= index < len(answer["genres"]) for index in answer["genre"])
    places = dict(zip(answer["ids"], np.transpose([answer["x"], answer["y"]]), strict=True))
    tracks = shown.client.get("/v1/library/search").json()["tracks"]
    groove, again = (places[track["id"]] for track in tracks if "groove" in track["name"])
    piano = places[track_of(shown, "Prelude")["id"]]
    assert np.linalg.norm(groove - again) < np.linalg.norm(groove - piano)
    known = shown.services.library._map
    assert shown.client.get("/v1/library/map").json() == answer
    assert shown.services.library._map is known


def test_unknown_tracks_and_no_library(shown: RunningServer, client: RunningServer) -> None:
    for path in ("", "/similar", "/audio"):
        answer = shown.client.get(f"/v1/library/tracks/999{path}")
        assert (answer.status_code, answer.json()) == (404, {"error": "the library has no track 999"})
        assert shown.client.get(f"/v1/library/tracks/..%2F..%2Fetc%2Fpasswd{path}").status_code in (404, 422)
    assert client.get("/v1/library").json()["exists"] is False
    line = "this server has no library: make one with taggram library scan FOLDER"
    for path in ("search", "map", "tracks/1", "tracks/1/audio"):
        answer = client.get(f"/v1/library/{path}")
        assert (answer.status_code, answer.json()) == (404, {"error": line})


def test_a_library_may_be_made_and_damaged_while_the_server_runs(own_home: Path, music: Path, tmp_path: Path) -> None:
    file = tmp_path / "a library.sqlite"
    with serve(Settings(workers=1, library=file)) as running:
        assert running.client.get("/v1/library").json()["exists"] is False
        shutil.copy(music / "library.sqlite", file)
        assert running.client.get("/v1/library").json()["tracks"] == 5
        other = tmp_path / "other"
        other.write_bytes(b"no database" * 1000)
        other.replace(file)
        answer = running.client.get("/v1/library/search", params={"q": "piano"})
    assert answer.status_code == 422
    assert answer.json()["error"].startswith("a library.sqlite is not a usable library")


def test_a_file_that_has_gone_is_one_line(own_home: Path, pieces: Path, tmp_path: Path) -> None:
    song = shutil.copy(pieces / "synth-groove.opus", tmp_path)
    with Library(tmp_path / "library.sqlite") as library:
        library.scan([tmp_path])
    Path(song).unlink()
    with serve(Settings(workers=1, library=tmp_path / "library.sqlite")) as running:
        number = track_of(running, "groove")["id"]
        for method, what in (("GET", "audio"), ("POST", "open")):
            answer = running.client.request(method, f"/v1/library/tracks/{number}/{what}")
            line = "synth-groove.opus is not there any more: scan its folder again"
            assert (answer.status_code, answer.json()) == (404, {"error": line})


def test_no_answer_has_a_path(shown: RunningServer, music: Path) -> None:
    number = track_of(shown, "Prelude")["id"]
    track = f"tracks/{number}"
    answers = [
        shown.client.get(f"/v1/library{path}")
        for path in ("", "/search", "/search?q=piano", "/map", f"/{track}", f"/{track}/similar", "/search?q=xyzzy")
    ]
    answers.append(shown.client.post(f"/v1/library/{track}/open"))
    for answer in answers:
        assert "hidden" not in answer.text + str(answer.headers), answer.url


def test_writing_needs_the_option_and_the_token(shown: RunningServer, music: Path) -> None:
    before = (music / "piano-prelude.opus").read_bytes()
    for path in ("write", "undo"):
        answer = shown.client.post(f"/v1/library/{path}", json={})
        assert answer.status_code == 403
        assert answer.json()["error"].endswith("start it with --allow-write and --token TEXT")
    assert (music / "piano-prelude.opus").read_bytes() == before
    with pytest.raises(TaggramError, match="writing files needs a secret: add --token"):
        Settings(allow_write=True)


def test_serve_refuses_in_a_line_what_it_cannot_do(tmp_path: Path) -> None:
    pytest.importorskip("mutagen")
    refused = run("serve", "--allow-write")
    assert (refused.returncode, refused.stdout) == (1, "")
    assert refused.stderr == "error: writing files needs a secret: add --token TEXT, or set TAGGRAM_TOKEN\n"
    missing = run("serve", "--library", tmp_path / "none.sqlite")
    assert missing.returncode == 1
    assert "none.sqlite does not exist: make it with taggram library scan FOLDER --library" in missing.stderr
    assert not (tmp_path / "none.sqlite").exists()


def test_write_shows_then_writes_then_undoes(writable: tuple[RunningServer, Path]) -> None:
    pytest.importorskip("mutagen")
    server, folder = writable
    post = server.client.post
    before = {file.name: file.read_bytes() for file in folder.glob("*.opus")}

    def contents() -> dict[str, bytes]:
        return {file.name: file.read_bytes() for file in folder.glob("*.opus")}

    assert post("/v1/library/write", json={}).status_code == 401
    foreign = post("/v1/library/write", json={}, headers=BEARER | {"Origin": "http://evil.example"})
    assert foreign.status_code == 403
    form = post("/v1/library/write", content="{}", headers=BEARER | {"Content-Type": "text/plain"})
    assert form.status_code == 415
    plan = post("/v1/library/write", json={"fields": ["mood"]}, headers=BEARER).json()
    assert {change["name"] for change in plan["changes"]} == before.keys()
    assert plan["run"] is None
    (field,) = plan["changes"][0]["fields"]
    assert (field["field"], field["before"]) == ("mood", [])
    assert field["after"]
    stale = post("/v1/library/write", json={"fields": ["mood"], "plan": "0" * 64}, headers=BEARER)
    assert stale.status_code == 409
    assert contents() == before

    done = post("/v1/library/write", json={"fields": ["mood"], "plan": plan["plan"]}, headers=BEARER).json()
    assert (done["run"], done["changes"], done["failed"]) == (1, plan["changes"], [])
    assert contents() != before
    (run,) = server.client.get("/v1/library", headers=BEARER).json()["runs"]
    assert (run["run"], run["files"]) == (1, len(before))
    assert post("/v1/library/write", json={"fields": ["mood"]}, headers=BEARER).json()["plan"] is None

    undone = post("/v1/library/undo", json={"run": 1}, headers=BEARER).json()
    assert {change["name"] for change in undone["changes"]} == before.keys()
    assert server.client.get("/v1/library", headers=BEARER).json()["runs"] == []
    again = post("/v1/library/undo", json={}, headers=BEARER)
    assert (again.status_code, again.json()) == (422, {"error": "there is nothing to undo"})


def test_write_of_some_tracks_names_a_failure_without_its_folder(writable: tuple[RunningServer, Path]) -> None:
    pytest.importorskip("mutagen")
    server, folder = writable
    (folder / "synth-groove.opus").unlink()
    tracks = server.client.get("/v1/library/search", headers=BEARER).json()["tracks"]
    groove = next(track["id"] for track in tracks if "groove" in track["name"])
    answer = server.client.post("/v1/library/write", json={"ids": [groove]}, headers=BEARER)
    (failure,) = answer.json()["failed"]
    assert failure["name"] == "synth-groove.opus"
    assert failure["error"].startswith("the tags of synth-groove.opus cannot be read")
    assert answer.json()["changes"] == []
    assert str(folder) not in answer.text
    unknown = server.client.post("/v1/library/write", json={"ids": [groove, 999]}, headers=BEARER)
    assert (unknown.status_code, unknown.json()) == (404, {"error": "the library has no track 999"})


def test_one_run_writes_at_a_time_even_if_nobody_waits_for_it(music: Path) -> None:
    async def run() -> None:
        access, go_on = LibraryAccess(music / "library.sqlite"), threading.Event()
        first = asyncio.create_task(access.write(lambda _: go_on.wait(60)))
        await asyncio.sleep(0.05)
        first.cancel()
        await asyncio.sleep(0)
        with pytest.raises(RequestError, match="files are being written"):
            await access.write(lambda library: library.file)
        go_on.set()
        async with asyncio.timeout(60):
            while access._writing:
                await asyncio.sleep(0.01)
        assert await access.write(lambda library: library.file) == music / "library.sqlite"
        access.close()

    asyncio.run(run())


@pytest.mark.parametrize(
    ("host", "is_open", "has_names", "shown"),
    [
        ("127.0.0.1", True, False, True),
        ("127.0.0.1", True, True, False),
        ("0.0.0.0", True, False, False),  # noqa: S104
        ("0.0.0.0", False, True, True),  # noqa: S104
    ],
)
def test_the_default_library_is_for_whom_it_may_concern(
    own_home: Path, host: str, is_open: bool, has_names: bool, shown: bool
) -> None:
    file = default_library(host, is_open=is_open, has_names=has_names)
    assert file == (own_home / "library.sqlite" if shown else None)
