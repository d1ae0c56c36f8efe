"""What the server refuses: too much, too long, no audio, too many at once; and that it goes on afterwards."""

from __future__ import annotations

import contextlib
import errno
import shutil
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

pytest.importorskip("fastapi")
import httpx
import numpy as np
from starlette.requests import Request
from web_server import RunningServer, noise, serve, wait_until

from taggram.errors import CacheError
from taggram.web import Settings
from taggram.web.tracks import SPARE

WAV = {"Content-Type": "audio/wav"}
MAX_SIZE = 200_000  # bytes


@pytest.fixture(scope="module")
def strict(taggram_home: Path) -> Iterator[RunningServer]:
    """A server that takes little, and only one request at a time."""
    settings = Settings(
        workers=1, queue=1, max_size=MAX_SIZE, max_seconds=5, max_deform_seconds=2, max_segments=30, stall_seconds=1.5,
        max_storage=2 * MAX_SIZE, max_tracks=3,
    )  # fmt: skip
    with serve(settings) as running:
        yield running


def exchange(server: RunningServer, *, headers: str = "", body: bytes = b"", path: str = "/v1/tag") -> str:
    """Send the begin of a request, and return the begin of the answer."""
    with server.connect() as connection:
        head = f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: audio/wav\r\n{headers}\r\n"
        connection.sendall(head.encode() + body)
        answer = b""
        while not answer.endswith(b"}"):  # head and body may come one after the other
            part = connection.recv(1 << 16)
            assert part, answer
            answer += part
        return answer.decode()


def is_free(server: RunningServer) -> bool:
    """Whether no request is in progress and no file is left."""
    store = server.services.store
    folders = {folder.name for folder in store.root.iterdir() if folder.is_dir()}
    return server.services.places.taken == 0 and folders == {track.folder.name for track in store}


def test_too_large_is_refused_before_it_is_sent(strict: RunningServer) -> None:
    answer = exchange(strict, headers=f"Content-Length: {MAX_SIZE + 1}\r\n")
    assert answer.startswith("HTTP/1.1 413 ")
    assert '{"error":"the file is larger than 0 MB: send a shorter part"}' in answer
    wait_until(lambda: is_free(strict))


def test_too_large_is_refused_while_it_is_sent(strict: RunningServer) -> None:
    chunk = b"10000\r\n" + bytes(1 << 16) + b"\r\n"
    answer = exchange(strict, headers="Transfer-Encoding: chunked\r\n", body=4 * chunk)
    assert answer.startswith("HTTP/1.1 413 ")
    wait_until(lambda: is_free(strict))


def test_client_that_sends_all_of_it_gets_the_answer(strict: RunningServer) -> None:
    answer = strict.client.post("/v1/tracks", files={"file": ("big.wav", bytes(20_000_000))})
    assert answer.status_code == 413
    assert strict.client.get("/v1/health").json()["queue"] == 0


@pytest.mark.parametrize("path", ["/v1/tracks", "/v1/tag", "/v1/deform?gain=-3"])
def test_too_long(strict: RunningServer, path: str) -> None:
    answer = strict.client.post(path, files={"file": ("long.wav", noise(9, sample_rate=8000))})
    assert answer.status_code == 413
    assert answer.json()["error"].startswith("long.wav is longer than 0.0")
    wait_until(lambda: is_free(strict))


def test_too_long_to_deform(strict: RunningServer) -> None:
    track = strict.client.post("/v1/tracks", files={"file": ("a.wav", noise(3))}).json()
    answer = strict.client.post(f"/v1/tracks/{track['id']}/deform", json={"deformations": [{"name": "gain"}]})
    assert (answer.status_code, answer.json()["error"][:31]) == (413, "deformations take audio of at m")


def test_too_many_segments(strict: RunningServer) -> None:
    track = strict.client.post("/v1/tracks", files={"file": ("a.wav", noise(4.5))}).json()
    answer = strict.client.get(f"/v1/tracks/{track['id']}/tags?hop=0.1")
    assert answer.status_code == 413
    assert answer.json()["error"] == "a.wav has more than 30 segments: choose a longer hop"


def test_oldest_tracks_make_room(strict: RunningServer) -> None:
    ids = [
        strict.client.post("/v1/tracks", files={"file": ("a.wav", noise(1 + i / 10, seed=i))}).json()["id"]
        for i in range(5)
    ]
    assert [track["id"] for track in strict.client.get("/v1/tracks").json()] == ids[-len(strict.services.store) :]
    assert 1 <= len(strict.services.store) <= 3
    assert sum(track.size for track in strict.services.store) <= 2 * MAX_SIZE
    assert is_free(strict)


def test_one_track_makes_room_for_another(strict: RunningServer) -> None:
    for track in strict.client.get("/v1/tracks").json():
        strict.client.delete(f"/v1/tracks/{track['id']}")
    for seed in range(3):  # each takes almost half of the space with what is computed from it
        answer = strict.client.post("/v1/tracks", files={"file": ("a.wav", noise(4.9, seed=seed))})
        assert answer.status_code == 201, answer.text


def test_oldest_tracks_make_room_on_a_small_disk(strict: RunningServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """The disk may be smaller than the space for tracks; it is not filled."""
    root, capacity = strict.services.store.root, 300_000

    def disk_usage(folder: Path) -> SimpleNamespace:
        used = sum(file.stat().st_size for file in root.rglob("*") if file.is_file())
        return SimpleNamespace(free=SPARE + capacity - used)

    monkeypatch.setattr(shutil, "disk_usage", disk_usage)
    for seed in range(4):
        answer = strict.client.post("/v1/tracks", files={"file": ("a.wav", noise(3, seed=seed))})
        assert answer.status_code == 201, answer.text
        assert disk_usage(root).free >= SPARE
    capacity = 100_000
    answer = strict.client.post("/v1/tracks", files={"file": ("c.wav", noise(4.5))})
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "30")


@pytest.mark.parametrize(
    ("error", "status", "said"),
    [
        (OSError(errno.ENOSPC, "No space left on device"), 503, "the server has no space left for audio"),
        (FileNotFoundError(errno.ENOENT, "/srv/secret"), 404, "this track is no longer on the server"),
        (PermissionError(errno.EACCES, "/srv/secret"), 500, "an unexpected PermissionError; the server's log has more"),
        (CacheError("/srv/secret is damaged"), 500, "an unexpected CacheError; the server's log has more"),
        (ZeroDivisionError("/srv/secret"), 500, "an unexpected ZeroDivisionError; the server's log has more"),
    ],
)
def test_defects_and_a_full_disk(
    client: httpx.Client, error: Exception, status: int, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No path and no stack trace is in an answer."""

    async def fail(request: Request, *_: object) -> None:
        await request.body()  # a connection with unread bytes would be reset
        raise error

    monkeypatch.setattr("taggram.web.api.programs.receive", fail)
    answer = client.post("/v1/tag", content=noise(1), headers=WAV)
    assert (answer.status_code, list(answer.json())) == (status, ["error"])
    assert answer.json()["error"].startswith(said)
    assert answer.headers.get("Connection") == ("close" if status == 500 else None)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"This is a text.\n" * 1000, "song.mp3 is not audio in any supported format"),
        (b"\x00", "song.mp3 is not audio"),
        (b"RIFF\xff\xff\xff\xffWAVEfmt ", "song.mp3 "),
    ],
)
def test_what_is_no_audio(client: httpx.Client, server: RunningServer, content: bytes, said: str) -> None:
    for path in ("/v1/tracks", "/v1/tag", "/v1/deform?gain=-3"):
        answer = client.post(path, files={"file": ("song.mp3", content)})
        assert answer.status_code == 415
        error = answer.json()["error"]
        assert error.startswith(said)
        assert str(server.services.store.root) not in error


@pytest.mark.parametrize(
    ("arguments", "status", "said"),
    [
        ({"content": b""}, 400, "the request has no audio: send a form with the field 'file'"),
        ({"content": b"abc", "headers": {"Content-Type": "text/plain"}}, 415, "with a Content-Type such as audio/mpeg"),
        ({"data": {"file": "abc"}}, 415, "with a Content-Type such as audio/mpeg"),
        ({"files": {"other": b"abc"}}, 400, "the request has no audio"),
        ({"content": b"abc", "headers": {"Content-Type": "multipart/form-data; boundary=x"}}, 400, "form is malformed"),
        ({"content": b"abc", "headers": {"Content-Type": "multipart/form-data"}}, 415, "the request has no audio"),
    ],
)
def test_bodies_without_audio(client: httpx.Client, arguments: dict, status: int, said: str) -> None:
    if "content" in arguments:
        arguments = {**arguments, "headers": arguments.get("headers", WAV)}
    answer = client.post("/v1/tracks", **arguments)
    assert (answer.status_code, said in answer.json()["error"]) == (status, True), answer.text


@pytest.mark.parametrize(
    ("content", "kind", "status"),
    [
        (b"{", "application/json", 422),
        (b"[]", "application/json", 422),
        (b'{"deformations": []}', "application/json", 422),
        (b'{"deformations": [{"name": "gain"}], "more": 1}', "application/json", 422),
        (b'{"deformations": [{"name": "gain"}]}', "text/plain", 415),
        (b" " * 100_000, "application/json", 413),
    ],
)
def test_malformed_json(client: httpx.Client, piano: dict, content: bytes, kind: str, status: int) -> None:
    answer = client.post(f"/v1/tracks/{piano['id']}/deform", content=content, headers={"Content-Type": kind})
    assert (answer.status_code, "error" in answer.json()) == (status, True)


def test_unknown_addresses_and_methods(client: httpx.Client) -> None:
    assert client.get("/v1/nothing").json() == {"error": "there is nothing at this address; see /docs"}
    assert client.get("/v1/../../etc/passwd").status_code == 404
    assert client.put("/v1/tracks").json() == {"error": "Method Not Allowed"}
    assert (client.head("/v1/health").status_code, client.head("/v1/health").content) == (200, b"")
    assert client.head("/v1/tracks/0").status_code == 404


def begin_upload(server: RunningServer) -> socket.socket:
    """Send the first half of an upload, and wait until the server has its place taken."""
    connection = server.connect()
    head = "POST /v1/tracks HTTP/1.1\r\nHost: localhost\r\nContent-Type: audio/wav\r\nContent-Length: 1000\r\n\r\n"
    connection.sendall(head.encode() + bytes(500))
    wait_until(lambda: server.services.places.taken == 1)
    return connection


def test_too_many_at_once(strict: RunningServer) -> None:
    with begin_upload(strict):
        for path in ("/v1/tag", "/v1/tracks", "/v1/examples/synth-groove"):
            answer = strict.client.post(path, content=noise(1), headers=WAV)
            assert answer.status_code == 429
            assert answer.headers["Retry-After"] == "2"
            assert answer.json() == {"error": "the server is busy: try again in some seconds"}


def test_upload_that_breaks_off_frees_its_place(strict: RunningServer) -> None:
    begin_upload(strict).close()
    wait_until(lambda: is_free(strict), seconds=5)
    assert strict.client.post("/v1/tag", content=noise(1), headers=WAV).is_success


def test_upload_that_stalls_frees_its_place(strict: RunningServer) -> None:
    with begin_upload(strict) as connection:
        answer = connection.recv(1 << 16).decode()
        assert answer.startswith("HTTP/1.1 408 ")
    assert strict.client.post("/v1/tag", content=noise(1), headers=WAV).is_success
    assert is_free(strict)


def test_upload_that_trickles_frees_its_place(strict: RunningServer) -> None:
    """Bytes that come in time, but so few that the upload would take years."""
    with begin_upload(strict) as connection:
        for _ in range(20):
            time.sleep(0.3)
            with contextlib.suppress(OSError):
                connection.sendall(b"a")
            if not strict.services.places.taken:
                break
        assert not strict.services.places.taken
        assert connection.recv(1 << 16).startswith(b"HTTP/1.1 408 ")
    assert is_free(strict)


def test_json_that_stalls_frees_its_place(strict: RunningServer) -> None:
    track = strict.client.post("/v1/tracks", files={"file": ("a.wav", noise(1))}).json()
    with strict.connect() as connection:
        head = f"POST /v1/tracks/{track['id']}/deform HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        connection.sendall(f"{head}Content-Length: 100\r\n\r\n{{".encode())
        connection.settimeout(10)
        assert connection.recv(1 << 16).startswith(b"HTTP/1.1 408 ")
    assert is_free(strict)


def test_tags_with_many_hops_do_not_fill_the_disk(strict: RunningServer) -> None:
    track = strict.client.post("/v1/tracks", files={"file": ("a.wav", noise(4.5))}).json()
    root = strict.services.store.root
    for hop in np.linspace(0.2, 0.5, 60):
        answer = strict.client.get(f"/v1/tracks/{track['id']}/tags", params={"hop": round(hop, 3)})
        assert sum(file.stat().st_size for file in root.rglob("*") if file.is_file()) <= 2 * MAX_SIZE
        if answer.status_code != 200:
            break
    assert answer.json() == {"error": "this track is no longer on the server: add it again"}


def test_folder_that_another_program_removes(own_home: Path) -> None:
    with serve(Settings(workers=1)) as running:
        shutil.rmtree(running.services.store.root)
        for path in ("/v1/tracks", "/v1/tag"):
            answer = running.client.post(path, content=noise(1), headers=WAV)
            error = "the server's temporary folder has been removed: restart the server"
            assert (answer.status_code, answer.json()) == (503, {"error": error})


def test_client_that_leaves_while_it_is_tagged_frees_its_place(strict: RunningServer) -> None:
    content = noise(5)
    with strict.connect() as connection:
        head = f"POST /v1/tag HTTP/1.1\r\nHost: localhost\r\nContent-Type: audio/wav\r\nContent-Length: {len(content)}"
        connection.sendall(f"{head}\r\n\r\n".encode() + content)
        wait_until(lambda: strict.services.places.taken == 1)
    wait_until(lambda: is_free(strict), seconds=5)
