"""``taggram serve``: its address, its end, and what it leaves behind."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

pytest.importorskip("fastapi")
import httpx
from command_line import run
from web_server import noise, wait_until

from taggram.web.scratch import scratch_folder

COMMAND = [sys.executable, "-m", "taggram", "serve", "--port", "0", "--workers", "1"]
TOKEN = "secret"  # noqa: S105
EVERYWHERE = ("--host", "0.0.0.0")  # noqa: S104


@pytest.fixture
def temporary(tmp_path: Path) -> Path:
    folder = tmp_path / "temporary"
    folder.mkdir()
    return folder


@contextmanager
def serving(temporary: Path, *options: str, **environment: str) -> Iterator[tuple[subprocess.Popen, httpx.Client]]:
    """Run the command, and yield its process and a client."""
    process = subprocess.Popen(
        [*COMMAND, *options], stderr=subprocess.PIPE, text=True,
        env={**os.environ, "TMPDIR": str(temporary), **environment},
    )  # fmt: skip
    try:
        line = process.stderr.readline()
        url = re.fullmatch(r"taggram is at (http://\S+) \(Ctrl-C to end\)\n", line)[1]
        with httpx.Client(base_url=url, timeout=60) as client:
            yield process, client
    finally:
        process.kill()
        process.communicate()


def upload(client: httpx.Client) -> None:
    assert client.post("/v1/tracks", files={"file": ("a.wav", noise(1))}).status_code == 201


def children(process: subprocess.Popen) -> list[int]:
    return [
        int(child)
        for file in Path(f"/proc/{process.pid}/task").glob("*/children")
        for child in file.read_text().split()
    ]


def is_running(pid: int) -> bool:
    try:
        return " Z " not in Path(f"/proc/{pid}/stat").read_text()
    except FileNotFoundError:
        return False


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_signal_ends_it_and_removes_everything(temporary: Path, number: int) -> None:
    with serving(temporary) as (process, client):
        upload(client)
        workers = children(process)
        connection = socket.create_connection((client.base_url.host, client.base_url.port))
        connection.sendall(
            b"POST /v1/tag HTTP/1.1\r\nHost: localhost\r\nContent-Type: audio/wav\r\nContent-Length: 99\r\n\r\n"
        )
        assert list(temporary.glob("taggram-serve-*/*/audio"))
        process.send_signal(number)
        _, stderr = process.communicate(timeout=30)
        connection.close()
    assert process.returncode == (0 if number == signal.SIGINT else -number)
    assert stderr == ""
    assert not list(temporary.iterdir())
    assert workers
    wait_until(lambda: not any(map(is_running, workers)), seconds=10)


def test_next_server_removes_what_a_killed_one_left(temporary: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(temporary))
    with serving(temporary) as (process, client):
        upload(client)
        workers = children(process)
        with scratch_folder() as folder:  # as another server does; the first one still runs
            assert len(list(temporary.iterdir())) == 2
        process.kill()
        process.wait()
        assert not folder.exists()
        assert list(temporary.glob("taggram-serve-*/*/audio"))
        wait_until(lambda: not any(map(is_running, workers)), seconds=10)
    with scratch_folder() as folder:
        assert list(temporary.iterdir()) == [folder]
    assert not list(temporary.iterdir())


def test_options(temporary: Path) -> None:
    options = (*EVERYWHERE, "--allow-host", "music.example", "--max-size", "1", "--max-duration", "0:02")
    with serving(temporary, *options, TAGGRAM_TOKEN=TOKEN) as (_, client):
        headers = {"Authorization": f"Bearer {TOKEN}"}
        assert client.get("/v1/models").status_code == 401
        assert client.get("/v1/models", headers={**headers, "Host": "music.example"}).status_code == 200
        limits = client.get("/v1/health").json()["limits"]
        assert (limits["max_bytes"], limits["max_seconds"]) == (1 << 20, 2.0)
        files = {"file": ("a.wav", noise(3))}
        assert client.post("/v1/tag", files=files, headers=headers).status_code == 413
        waits = [client.get("/v1/health").elapsed.total_seconds() for _ in range(20)]
        assert min(waits) < 0.03  # by Nagle's algorithm each is 0.04 s


@pytest.mark.parametrize(
    ("options", "warns"),
    [(EVERYWHERE, True), ((*EVERYWHERE, "--token", TOKEN), False), (("--host", "::1"), False), ((), False)],
)
def test_warns_of_an_open_address(options: tuple[str, ...], warns: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("taggram.web.run.Server.run", lambda _, sockets: sockets[0].close())
    done = run("serve", *options, "--port", 0)
    assert done.returncode == 0
    assert ("warning: everyone who reaches this address may use it; --token TEXT" in done.stderr) == warns


def test_empty_token_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("taggram.web.run.Server.run", lambda _, sockets: sockets[0].close())
    done = run("serve", "--token", "", "--port", 0)
    assert (done.returncode, done.stderr) == (1, "error: the token is empty: choose a secret, or leave --token out\n")


def test_address_that_is_taken() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        done = run("serve", "--port", port)
    assert (done.returncode, done.stderr) == (
        1, f"error: 127.0.0.1:{port} cannot be used (address already in use): choose another --port or --host\n",
    )  # fmt: skip
